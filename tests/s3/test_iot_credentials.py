"""Credentials from AWS IoT Core's provider: a device certificate instead of an AWS key.

Source: AWS IoT, "Authorizing direct calls to AWS services using AWS IoT Core credential provider".
"""

import base64
import datetime
import json
import ssl

import pytest
from servers.running import authority, compiled, issue, root_der, server, server_context, session
from servers.scripted import CONTINUE, ScriptedServer, wait_until

__all__ = ["authority", "compiled", "root_der", "server", "session"]

STORED = b'HTTP/1.1 200 OK\r\nETag: "x"\r\nContent-Length: 0\r\n\r\n'
SECRET = "a-secret-of-an-hour"
PUT = {"op": "put", "key": "cam1/a.jpg", "size": 10}


def answer(number, lasts_s=3600):
    """Return a reply of the provider; its credentials contain `number`, to identify them."""
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=lasts_s)
    credentials = {
        "accessKeyId": f"ASIA{number}",
        "secretAccessKey": SECRET,
        "sessionToken": f"token-{number}-" + "x" * 1200,
        "expiration": f"{end:%Y-%m-%dT%H:%M:%SZ}",
    }
    return reply(200, json.dumps({"credentials": credentials}))


def reply(status, text):
    return f"HTTP/1.1 {status} Word\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode()


class Provider:
    """Answers one request per connection with the next reply and records who asked."""

    def __init__(self, *replies):
        self.replies = list(replies)
        self.heads = []
        self.names = []

    def __call__(self, peer):
        self.heads.append(peer.read_head().decode())
        self.names.append(str(peer.tls.getpeercert()["subject"]))
        peer.send(self.replies.pop(0))


class Store:
    """Stores every object unless its token is in `expired`; `tokens` has the tokens received."""

    def __init__(self, *expired):
        self.expired = expired
        self.tokens = []

    def __call__(self, peer):
        while True:
            peer.read_head()
            self.tokens.append(peer.header("x-amz-security-token").split("-x")[0])
            if self.tokens[-1] in self.expired:
                peer.send(reply(400, "<Error><Code>ExpiredToken</Code></Error>"))
                return
            peer.send(CONTINUE)
            peer.read_body()
            peer.body = b""
            peer.send(STORED)


@pytest.fixture
def device(authority, tmp_path):
    """Return the `iot` job of a device, with its certificate and key in DER files."""
    leaf = authority.issue_cert("cam1.example", common_name="cam1")
    certificate = ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode())
    (tmp_path / "cert.der").write_bytes(certificate)
    lines = leaf.private_key_pem.bytes().decode().strip().splitlines()[1:-1]
    (tmp_path / "key.der").write_bytes(base64.b64decode("".join(lines)))
    return {
        "certificate": str(tmp_path / "cert.der"),
        "private_key": str(tmp_path / "key.der"),
        "alias": "photo-role",
        "thing": "cam1",
    }


@pytest.fixture
def run(authority, server, session, device):
    """Return run(provider, store, *steps) -> results."""
    context = server_context(issue(authority))
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)

    def run(provider, store, *steps, **iot):
        with ScriptedServer(context) as mutual:
            iot = {**device, "port": mutual.play(provider), **iot}
            endpoint = f"https://localhost:{server.play(store)}"
            results = session(list(steps or [PUT]), heap="100K", endpoint=endpoint, iot=iot)
        assert SECRET not in json.dumps(results)
        return results if len(results) > 1 else results[0]

    return run


def test_the_certificate_buys_credentials_that_sign(run):
    provider, store = Provider(answer(1)), Store()
    assert run(provider, store)["status"] == 200
    assert provider.heads[0].startswith("GET /role-aliases/photo-role/credentials HTTP/1.1\r\n")
    assert "x-amzn-iot-thingname: cam1" in provider.heads[0]
    assert "'cam1'" in provider.names[0]
    assert store.tokens == ["token-1"]


def test_they_are_used_until_they_nearly_end(run):
    provider, store = Provider(answer(1), answer(2)), Store()
    results = run(provider, store, PUT, PUT, PUT)
    assert [result["status"] for result in results] == [200] * 3
    assert store.tokens == ["token-1"] * 3


def test_they_are_renewed_5_minutes_before_they_end(run):
    provider, store = Provider(answer(1, 250), answer(2, 250), answer(3)), Store()
    run(provider, store, PUT, PUT, PUT)
    assert store.tokens == ["token-1", "token-2", "token-3"]


def test_they_are_used_to_the_end_while_the_provider_fails(run):
    provider, store = Provider(answer(1, 250), reply(500, "{}"), answer(2)), Store()
    results = run(provider, store, PUT, PUT, PUT)
    assert [result["status"] for result in results] == [200] * 3
    assert store.tokens == ["token-1", "token-1", "token-2"]


def test_they_are_renewed_when_s3_says_that_they_have_ended(run):
    provider, store = Provider(answer(1), answer(2)), Store("token-1")
    assert run(provider, store)["status"] == 200
    assert store.tokens == ["token-1", "token-2"]


def test_a_refusal_names_what_to_check(run):
    result = run(Provider(reply(403, '{"message":"Access Denied"}')), Store())
    assert (result["code"], result["status"]) == ("CredentialProvider", 403)
    assert (result["action"], result["body_started"]) == ("fatal", False)
    for word in ("photo-role", "cam1", "policy of its certificate"):
        assert word in result["error"]


@pytest.mark.parametrize(
    ("status", "text", "action"),
    [
        (500, "{}", "retry"),
        (503, "busy", "retry"),
        (200, "{}", "fatal"),
        (200, "not json", "fatal"),
        (200, '{"credentials": null}', "fatal"),
        (200, '{"credentials": {"expiration": "soon"}}', "fatal"),
        (200, '"' + "x" * 9000 + '"', "fatal"),
        (404, "", "fatal"),
    ],
)
def test_any_other_answer_is_an_error(run, status, text, action):
    store = Store()
    result = run(Provider(reply(status, text)), store)
    assert (result["code"], result["action"]) == ("CredentialProvider", action)
    assert store.tokens == []


def test_a_provider_that_hangs_up_is_tried_again_later(run):
    result = run(lambda peer: peer.reset(), Store())
    assert result["action"] == "retry"
    assert result["fds"] == 5, "three of every program, the archive of overlays, and the listing"


def test_a_connection_to_s3_is_closed_before_the_provider_is_asked(run):
    """Only one TLS connection at a time: the ESP32 has no memory for two."""
    closed = []
    seen = []

    class Watched(Provider):
        def __call__(self, peer):
            # The second time, answer only after the connection to S3 is closed.
            seen.append(not seen or wait_until(lambda: closed, 3))
            super().__call__(peer)

    def store(peer):
        try:
            Store()(peer)
        except ConnectionError:
            closed.append(peer)

    results = run(Watched(answer(1, 250), answer(2)), store, {**PUT, "close": False}, PUT)
    assert [result["status"] for result in results] == [200, 200]
    assert seen == [True, True]
