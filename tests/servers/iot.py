"""The part of AWS IoT that MiniStack lacks: role aliases and the credential provider, on loopback.

    with IoTCore(account) as iot:    # of local_aws.py
        os.environ["AWS_ENDPOINT_URL_IOT"] = iot.endpoint
        roots.write_text(iot.ca_pem)     # what a board must trust for the provider
        iot.served                       # (thing, id of its certificate) of each answer

All other requests are passed on to MiniStack. The provider makes the same checks as AWS: the chain
and state of the client's certificate, the thing that it is attached to, and the policy that allows
it to assume the role. Then it puts the thing's name into the role's policy, as MiniStack cannot.
Source: AWS IoT, "Authorizing direct calls to AWS services using AWS IoT Core credential provider".
"""

import contextlib
import hashlib
import http.client
import json
import ssl
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import trustme

_TOLD = ("host", "connection", "transfer-encoding")
_VARIABLE = "${credentials-iot:ThingName}"


class IoTCore:
    """Both endpoints; use it as a context manager."""

    def __init__(self, account):
        self.store = account.store
        self._iot, self._iam, self._sts = map(account.client, ("iot", "iam", "sts"))
        self.aliases, self.served, self.refused = {}, [], []
        self._stop = contextlib.ExitStack()

    def __enter__(self):
        authority = trustme.CA(organization_name="provider")
        self.ca_pem = authority.cert_pem.bytes().decode()
        port = self._listen(_handler(self._provide), self._context(authority))
        self._provider = f"localhost:{port}"
        self.endpoint = f"http://127.0.0.1:{self._listen(_handler(self._front))}"
        return self

    def __exit__(self, *exc):
        self._stop.close()

    def _listen(self, handler, context=None):
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        if context:
            server.socket = context.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        # If a client disconnects before it is accepted, accept() would wait for the next forever.
        server.socket.settimeout(1)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        self._stop.callback(thread.join)
        self._stop.callback(server.server_close)
        self._stop.callback(server.shutdown)
        return server.server_address[1]

    def _context(self, authority):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)
        status, _, page = self._ask("GET", "/_ministack/iot/ca.pem")
        assert status == 200
        context.load_verify_locations(cadata=page.decode())
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def _ask(self, method, path, body=b"", headers=None):
        trust = ssl.create_default_context(cafile=str(self.store.ca_pem))
        where = urllib.parse.urlsplit(self.store.endpoint)
        line = http.client.HTTPSConnection(where.hostname, where.port, context=trust, timeout=30)
        with contextlib.closing(line):
            line.request(method, path, body, headers or {})
            answer = line.getresponse()
            return answer.status, answer.getheaders(), answer.read()

    def _front(self, request, body):
        """Answer one request to the management API."""
        if request.path.startswith("/endpoint") and "CredentialProvider" in request.path:
            return _json(200, {"endpointAddress": self._provider})
        if not request.path.startswith("/role-aliases/"):
            return self._ask(request.command, request.path, body, dict(request.headers))
        name = request.path.split("/")[2]
        if request.command == "POST":
            self.aliases[name] = json.loads(body)
        elif name not in self.aliases:
            return _json(404, {"message": "none"}, "ResourceNotFoundException")
        elif request.command == "DELETE":
            del self.aliases[name]
        return _json(200, {"roleAlias": name, "roleAliasDescription": {"roleAlias": name}})

    def _provide(self, request, body):
        """Answer one request of a board for credentials."""
        identity = hashlib.sha256(request.connection.getpeercert(binary_form=True)).hexdigest()
        thing, alias = request.headers["x-amzn-iot-thingname"], request.path.split("/")[2]
        why = self._objection(identity, thing, alias)
        if why:
            self.refused.append(why)
            return _json(403, {"message": "Access Denied"})
        self.served.append((thing, identity))
        return _json(200, {"credentials": self._credentials(thing, alias)})

    def _objection(self, identity, thing, alias):
        iot = self._iot
        found = iot.describe_certificate(certificateId=identity)["certificateDescription"]
        arn = found["certificateArn"]
        policies = iot.list_attached_policies(target=arn)["policies"]
        documents = [
            json.loads(iot.get_policy(policyName=one["policyName"])["policyDocument"])
            for one in policies
        ]
        allowed = [may for document in documents for may in document["Statement"]]
        if found["status"] != "ACTIVE":
            return "the certificate is not active"
        if arn not in iot.list_thing_principals(thingName=thing)["principals"]:
            return f"the certificate is not that of {thing}"
        if alias not in self.aliases or not any(
            may["Action"] == "iot:AssumeRoleWithCertificate"
            and may["Resource"].endswith(f":rolealias/{alias}")
            for may in allowed
        ):
            return f"no policy lets it take {alias}"
        return ""

    def _credentials(self, thing, alias):
        iam = self._iam
        arn = self.aliases[alias]["roleArn"]
        role = arn.split("/")[-1]
        found = iam.get_role_policy(RoleName=role, PolicyName="put-photos")["PolicyDocument"]
        trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
        own = f"{role}-{thing}"
        with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
            iam.create_role(
                RoleName=own,
                AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust}),
            )
        text = json.dumps(found).replace(_VARIABLE, thing)
        iam.put_role_policy(RoleName=own, PolicyName="put-photos", PolicyDocument=text)
        arn = iam.get_role(RoleName=own)["Role"]["Arn"]
        taken = self._sts.assume_role(RoleArn=arn, RoleSessionName=thing)["Credentials"]
        return {
            "accessKeyId": taken["AccessKeyId"],
            "secretAccessKey": taken["SecretAccessKey"],
            "sessionToken": taken["SessionToken"],
            "expiration": f"{taken['Expiration']:%Y-%m-%dT%H:%M:%SZ}",
        }


def _json(status, data, error=""):
    return status, [("x-amzn-errortype", error)] if error else [], json.dumps(data).encode()


def _handler(answer):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Or each page would wait 40 ms, until the client has acknowledged the head before it.
        disable_nagle_algorithm = True

        def log_message(self, *args):
            pass

        def _serve(self):
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            status, headers, page = answer(self, body)
            self.send_response(status)
            for name, value in headers:
                if name.lower() not in (*_TOLD, "content-length"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

    return Handler
