"""A local AWS with CloudFront for the site: MiniStack's API, and the edge of site_edge in front.

pytest_plugins = ("site_cloud",)
def test_something(site): site.types("cloud show"), site.out  # a user whose bucket has a site

MiniStack keeps distributions, functions and key-value stores, but runs no function and reads no
bucket for a distribution. The edge here takes the published function, the entries of its store and
the bucket's policy from MiniStack and does what CloudFront would do with them.
"""

import atexit
import contextlib
import functools
import http.client
import json
import socket
import ssl
import urllib.parse

import local_aws
import pytest
import site_server
import typer
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from gallery_wire import jpeg
from megacam import console
from megacam.cloud.site import find as finding
from megacam.commands import cloud, doctor
from megacam.site import links

PHOTO = "cam1/2026/11/23/120000-000042.jpg"
_SERVICES = (*local_aws._SERVICES, "cloudfront-keyvaluestore")
_KVS = ".cloudfront-kvs.global.api.aws"
_EDGE = ".cloudfront.net"


class SiteStore(local_aws.AmazonStore):
    """MiniStack whose certificate also has the name of the key-value stores."""

    more_names = ("*" + _KVS,)


@functools.cache
def _store():
    running = contextlib.ExitStack()
    atexit.register(running.close)
    return running.enter_context(SiteStore(services=_SERVICES))


class Account(local_aws.Account):
    """The owner's access, and the ports to which names lead: Amazon's, and those of the edge."""

    edge_port = 0


@pytest.fixture
def account(monkeypatch):
    store = _store()
    local_aws.sign_in(monkeypatch, store)
    found = Account(store)
    port = urllib.parse.urlsplit(store.endpoint).port
    resolve = socket.getaddrinfo

    def name_server(host, service, *rest, **more):
        if str(host).endswith((".amazonaws.com", _KVS)):
            return resolve("127.0.0.1", port, *rest, **more)
        if str(host).endswith(_EDGE):
            return resolve("127.0.0.1", found.edge_port, *rest, **more)
        return resolve(host, service, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", name_server)
    events = found.client("cloudfront-keyvaluestore").meta.events
    events.register("before-call.cloudfront-keyvaluestore.UpdateKeys", _limits)
    return found


def _limits(params, **_):
    """Refuse what CloudFront refuses: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html.

    At most 50 keys in a request; a value has at most 1 KB.
    """
    order = json.loads(params["body"])
    puts = order.get("Puts", [])
    is_small = all(len(one["Value"]) <= 1024 for one in puts)
    if is_small and len(puts) + len(order.get("Deletes", [])) <= 50:
        return None
    error = {"Code": "ValidationException", "Message": "too many keys, or too long a value"}
    answer = {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400}}
    return AWSResponse("", 400, {}, None), answer


class _Bucket:
    """The objects of a bucket, for the distribution that its policy lets read them."""

    def __init__(self, account):
        self._s3 = account.client("s3")
        self._name = account.bucket

    def get(self, key):
        with contextlib.suppress(ClientError):
            return self._s3.get_object(Bucket=self._name, Key=key)["Body"].read()
        return None


class Edge(site_server.Site):
    """The site of an account; what it runs and reads is what the account has at this moment."""

    def __init__(self, account):
        super().__init__(_Bucket(account))
        self._account = account

    def _wrap(self, server):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._account.store.ca.issue_cert("*" + _EDGE).configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        self._account.edge_port = server.server_port

    def _live(self):
        """Return the distribution of the account's bucket."""
        listed = self._account.client("cloudfront").list_distributions()["DistributionList"]
        comment = f"megacam site of {self._account.bucket}"
        return next((one for one in listed.get("Items", []) if one["Comment"] == comment), None)

    def decide(self, event):
        made = self._live()
        if not made or not made["Enabled"]:
            return {"statusCode": 403, "body": ""}
        [runs] = made["DefaultCacheBehavior"]["FunctionAssociations"]["Items"]
        cloudfront = self._account.client("cloudfront")
        about = cloudfront.describe_function(
            Name=runs["FunctionARN"].rpartition("/")[2], Stage="LIVE"
        )["FunctionSummary"]["FunctionConfig"]
        [store] = about["KeyValueStoreAssociations"]["Items"]
        kvs = self._account.client("cloudfront-keyvaluestore")
        listed = kvs.list_keys(KvsARN=store["KeyValueStoreARN"])["Items"]
        self.store.clear()
        self.store |= {one["Key"]: one["Value"] for one in listed}
        return super().decide(event)

    def read(self, key):
        found = self._account.client("s3").get_bucket_policy(Bucket=self._account.bucket)
        for one in json.loads(found["Policy"])["Statement"]:
            source = one.get("Condition", {}).get("StringEquals", {}).get("AWS:SourceArn")
            if one["Effect"] != "Allow" or source != self._live()["ARN"]:
                continue
            names = [arn.partition(":::")[2].partition("/")[2] for arn in one["Resource"]]
            if any(site_server.matches(key, name) for name in names):
                return self.objects.get(key)
        return None


@pytest.fixture
def edge(account):
    with Edge(account) as running:
        yield running


class User:
    """Types commands; `out`, `err` and `code` are those of the last one."""

    def __init__(self, account, capsys):
        self._capsys = capsys
        self._account = account
        self._app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        self._app.add_typer(cloud.make_app(), name="cloud")
        self._app.command("doctor")(doctor.doctor_command)

    def types(self, line):
        words = line.split()
        if words[0] != "doctor":
            words += ["--bucket", self._account.bucket, "--region", self._account.aws.region]
        self.code = console.run(self._app, words)
        self.out, self.err = self._capsys.readouterr()
        return self.out

    def data(self, line):
        return json.loads(self.types(line + " --json"))

    def link(self, more=""):
        """Make a link; return its address and the cookie that a browser gets for it."""
        address = self.data(f"cloud site --link {more}")["url"]
        token = address.partition("#")[2]
        status, headers, _ = self.get("/_site/session", headers={links.HEADER: token})
        assert status == 204
        return address, headers["Set-Cookie"].partition(";")[0].partition("=")[2]

    def get(self, path, cookie="", headers=()):
        """Return status, headers and body of a request to the site, as a browser makes it."""
        context = ssl.create_default_context(cafile=self._account.store.ca_pem)
        site = finding.need(self._account.aws, self._account.bucket)
        connection = http.client.HTTPSConnection(site.domain, timeout=20, context=context)
        sent = dict(headers) | ({"Cookie": f"{links.COOKIE}={cookie}"} if cookie else {})
        connection.request("GET", path, headers=sent)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, answer.headers, body


@pytest.fixture
def user(account, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return User(account, capsys)


@pytest.fixture
def site(user, account, edge):
    """Make the site of cam1, with a photo and a report; return the user."""
    user.types("cloud create --device cam1 --site --yes")
    assert user.code == 0, user.err
    for key in (PHOTO, "cam1/status.json", "cam2/2026/11/23/120000-000042.jpg"):
        account.client("s3").put_object(Bucket=account.bucket, Key=key, Body=jpeg(90))
    return user
