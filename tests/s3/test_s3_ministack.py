"""S3Client on the real interpreter with MiniStack, which verifies signatures and policies.

To test tampering, a relay alters requests on the way. The device trusts it like the store.
"""

import hashlib
import json
import os
import shutil
import socket
import ssl
import time
import urllib.error
import urllib.request
from types import SimpleNamespace

import pytest
from megacam.sim.store import Store
from s3.presign import presign
from servers.running import authority, compiled, root_der, server, session
from sigv4 import Signer

__all__ = ["authority", "compiled", "root_der", "server", "session"]

MODES = ("none", "etag", "checksum", "signed", "signed-checksum")
SIZE = 50_000
KEY = "cam1/2026/11/23/234500-000042.jpg"


def put(**more):
    return {"op": "put", "key": KEY, "size": SIZE, **more}


def content(size):
    """Return the bytes of a body of the session."""
    return bytes(i * 7 & 255 for i in range(size))


@pytest.fixture(scope="module")
def store():
    with Store() as running:
        running.create_bucket("photos")
        yield running


@pytest.fixture(scope="module")
def device(store):
    return store.create_device_user("photos", "cam1")


@pytest.fixture(scope="module")
def reader(store):
    """Return a key that may read objects under cam1/."""
    iam = store.client("iam")
    iam.create_user(UserName="reader")
    statements = [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::photos/cam1/*"},
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::photos"},
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=policy)
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


@pytest.fixture
def run(store, device, session, tmp_path):
    """Return run(*steps, **job) -> results with an empty bucket."""
    root = tmp_path / "store.der"
    root.write_bytes(store.ca_der)
    for key in objects(store):
        store.client("s3").delete_object(Bucket="photos", Key=key)

    def run(*steps, key=device, **job):
        job = {"endpoint": store.endpoint, "bucket": "photos", "roots": [str(root)], **job}
        job = {"access_key_id": key[0], "secret_access_key": key[1], **job}
        results = session(list(steps or [put()]), **job)
        run.log = session.log
        return results if len(results) > 1 else results[0]

    return run


def objects(store):
    pages = store.client("s3").list_objects_v2(Bucket="photos")
    return [entry["Key"] for entry in pages.get("Contents", [])]


def stored(store, key=KEY):
    return store.client("s3").get_object(Bucket="photos", Key=key)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [0, 1, 8192, 100_000])
def test_every_mode_stores_every_byte(run, store, mode, size):
    result = run(put(size=size, metadata={"seq": 42}), integrity=mode)
    assert (result["status"], result["integrity"]) == (200, mode), result
    answer = stored(store)
    assert answer["Body"].read() == content(size)
    assert answer["ContentType"] == "image/jpeg"
    assert answer["Metadata"] == {"seq": "42"}
    assert result["etag"] == f'"{hashlib.md5(content(size)).hexdigest()}"'


@pytest.mark.parametrize(
    "key",
    ["cam1/a b.jpg", "cam1/+%25?&=#.jpg", "cam1/äöü€.jpg", "cam1/a'()*!~_-.jpg", "cam1/x//y"],
)
def test_any_key_is_stored_under_its_name(run, store, key):
    assert run(put(key=key))["status"] == 200
    assert objects(store) == [key]


def test_a_key_may_only_put_under_its_own_prefix(run, store):
    results = run(
        put(key="cam2/a.jpg"),
        {"op": "get", "key": "cam1/a"},
        {"op": "list", "prefix": "cam1/"},
        {"op": "head", "key": "cam1/a"},
    )
    assert [result["action"] for result in results] == ["fatal"] * 4
    assert "s3:PutObject on arn:aws:s3:::photos/cam2/*" in results[0]["error"]
    assert "s3:GetObject on arn:aws:s3:::photos/cam1/*" in results[1]["error"]
    assert "s3:ListBucket on arn:aws:s3:::photos" in results[2]["error"]
    assert objects(store) == []


def test_a_wrong_secret_is_refused_and_said_so(run, store, device):
    result = run(secret_access_key="not-the-secret")
    assert (result["code"], result["action"]) == ("SignatureDoesNotMatch", "fatal")
    assert "secret access key is wrong" in result["error"]
    assert objects(store) == []


def test_an_unknown_key_is_refused_and_said_so(run, store):
    result = run(access_key_id="AKIAUNKNOWNUNKNOWN00")
    assert (result["code"], result["action"]) == ("InvalidAccessKeyId", "fatal")
    assert "create a new key" in result["error"]
    assert objects(store) == []


def test_an_unknown_bucket_is_said_so(run):
    result = run(bucket="nowhere")
    assert result["action"] == "fatal"
    assert result["code"] in ("NoSuchBucket", "AccessDenied")


def test_a_wrong_region_is_learned_and_stored_at_the_second_try(run, store):
    """MiniStack sends 100 Continue first, so the body is lost; a HEAD returns the region."""
    results = run(put(), put(), region="eu-central-1")
    assert (results[0]["code"], results[0]["body_started"]) == ("PermanentRedirect", True)
    assert (results[1]["status"], results[1]["region"]) == (200, "us-east-1")
    assert stored(store)["Body"].read() == content(SIZE)


@pytest.mark.parametrize("offset_s", [-7200, 7200])
@pytest.mark.parametrize("mode", MODES)
def test_a_wrong_clock_is_corrected_for_the_next_try(run, store, offset_s, mode):
    """MiniStack sends 100 Continue before it checks the date, so the body is lost here."""
    results = run(put(close=False), put(), clock_offset_s=offset_s, integrity=mode)
    assert results[0]["action"] == "clock"
    assert results[1]["status"] == 200
    assert abs(results[1]["skew_s"] + offset_s) <= 2
    assert stored(store)["Body"].read() == content(SIZE)


FAKETIME = {
    "LD_PRELOAD": "/usr/$LIB/faketime/libfaketime.so.1",
    "FAKETIME_DONT_FAKE_MONOTONIC": "1",
}


@pytest.mark.skipif(
    "CI" not in os.environ and not shutil.which("faketime"),
    reason="there is no faketime: apt-get install faketime",
)
@pytest.mark.parametrize("offset", ["-2h", "+2h"])
def test_a_board_whose_own_clock_is_wrong_stores_at_the_second_try(run, store, offset):
    """The complete process uses the wrong time, including its check of the certificate."""
    results = run(put(), put(), env={**FAKETIME, "FAKETIME": offset})
    assert (results[0]["code"], results[0]["action"]) == ("RequestTimeTooSkewed", "clock")
    assert results[1]["status"] == 200
    assert abs(results[1]["skew_s"] + int(offset[:2]) * 3600) <= 2
    assert stored(store)["Body"].read() == content(SIZE)


def _session_of(store, key, lasts_s):
    """Return an access key id, secret and token of the device's user, valid for `lasts_s`."""
    sts = store.client_with_key("sts", *key)
    # boto3 refuses less than the 900 s of STS; MiniStack accepts it.
    sts.meta.events.register(
        "before-call.sts.GetSessionToken",
        lambda params, **_: params["body"].update(DurationSeconds=lasts_s),
    )
    given = sts.get_session_token(DurationSeconds=900)["Credentials"]
    return {
        "access_key_id": given["AccessKeyId"],
        "secret_access_key": given["SecretAccessKey"],
        "session_token": given["SessionToken"],
    }


def test_temporary_credentials_that_expire_are_renewed(run, store, device):
    first, second = _session_of(store, device, 6), _session_of(store, device, 3600)
    steps = [put(size=1), {"op": "sleep", "ms": 7000}, put(overwrite=True), put(overwrite=True)]
    results = run(*steps, **first, renewed=second)
    assert results[0]["status"] == 200
    assert (results[2]["code"], results[2]["action"]) == ("ExpiredToken", "credentials")
    assert results[3]["status"] == 200
    assert stored(store)["Body"].read() == content(SIZE)


def test_a_token_that_expired_for_good_is_said_so(run, store, device):
    first = _session_of(store, device, 1)
    time.sleep(1.5)
    result = run(**first)
    assert (result["code"], result["action"]) == ("ExpiredToken", "credentials")
    assert "fetch new credentials" in result["error"]
    assert objects(store) == []


def test_an_object_is_not_overwritten_unless_asked(run, store):
    results = run(put(size=1), put(), put(overwrite=True, size=3))
    assert [result["status"] for result in results] == [200, 412, 200]
    assert results[1]["action"] == "stored"
    assert stored(store)["Body"].read() == content(3)


def test_a_body_cut_short_leaves_no_object(run, store):
    for mode in MODES:
        for fault in ("short", "long", "raise"):
            run(put(fault=fault), integrity=mode)
    assert objects(store) == []


def test_virtual_host_style(run, store, device, session):
    """The certificate is for localhost, not for photos.localhost, so the TLS check fails."""
    result = run(path_style=False)
    assert (result["code"], result["action"]) in (("tls", "fatal"), ("dns", "retry"))


def test_reading_back(run, store, device, reader):
    s3 = store.client("s3")
    s3.put_object(Bucket="photos", Key="cam1/a&b <1>.json", Body=b'{"interval_s": 30}')
    for i in range(5):
        s3.put_object(Bucket="photos", Key=f"cam1/photo{i}.jpg", Body=b"x" * i)
    results = run(
        {"op": "get", "key": "cam1/a&b <1>.json"},
        {"op": "head", "key": "cam1/photo3.jpg"},
        {"op": "list", "prefix": "cam1/", "most": 4},
        {"op": "list", "prefix": "cam1/", "after": "cam1/photo2.jpg"},
        {"op": "get", "key": "cam1/missing"},
        key=reader,
    )
    assert results[0]["text"] == '{"interval_s": 30}'
    assert results[1]["headers"]["content-length"] == "3"
    assert results[2]["keys"][0] == ["cam1/a&b <1>.json", 18]
    assert (len(results[2]["keys"]), results[2]["more"]) == (4, True)
    assert results[3]["keys"] == [["cam1/photo3.jpg", 3], ["cam1/photo4.jpg", 4]]
    assert results[3]["more"] is False
    assert results[4]["code"] == "NoSuchKey"


def _presigned(store, key, method, path):
    creds = SimpleNamespace(access_key_id=key[0], secret_access_key=key[1], session_token=None)
    host = store.endpoint.partition("//")[2]
    signer = Signer("us-east-1")
    return presign(signer, creds, method, host, path, 60, int(time.time()))


def _request(store, method, url, data=None):
    context = ssl.create_default_context(cadata=store.ca_der)
    request = urllib.request.Request(url, data, method=method)
    with urllib.request.urlopen(request, context=context, timeout=10) as reply:
        return reply.status


def test_a_presigned_put_is_accepted_and_an_altered_one_refused(store, device):
    url = _presigned(store, device, "PUT", "/photos/cam1/presigned.jpg")
    assert _request(store, "PUT", url, b"abc") == 200
    assert stored(store, "cam1/presigned.jpg")["Body"].read() == b"abc"
    for altered in (
        url.replace("presigned.jpg", "other.jpg"),
        url.replace("Expires=60", "Expires=61"),
    ):
        with pytest.raises(urllib.error.HTTPError, match="403"):
            _request(store, "PUT", altered, b"abc")


def relay(store, alter_head, alter_body):
    """Return a script that passes an altered request on to the store."""

    def script(peer):
        context = ssl.create_default_context(cadata=store.ca_der)
        port = int(store.endpoint.rpartition(":")[2])
        with (
            socket.create_connection(("127.0.0.1", port)) as raw,
            context.wrap_socket(raw, server_hostname="localhost") as upstream,
        ):
            upstream.settimeout(10)
            upstream.sendall(alter_head(peer.read_head()) + b"\r\n\r\n")
            answer = upstream.recv(65536)
            if answer.startswith(b"HTTP/1.1 100"):
                peer.send(answer)
                upstream.sendall(alter_body(peer.read_body()))
                answer = upstream.recv(65536)
            while answer:
                peer.send(answer)
                answer = upstream.recv(65536)

    return script


def same(data):
    return data


def flip(where):
    """Return a function that flips a bit of the byte at index `where`, which may be negative."""

    def alter(data):
        data = bytearray(data)
        data[where] ^= 1
        return bytes(data)

    return alter


@pytest.fixture
def relayed(run, store, server, root_der):
    """Return run(step, alter_head, alter_body, **job): a request through a relay."""

    def relayed(step, alter_head, alter_body, **job):
        endpoint = f"https://localhost:{server.play(relay(store, alter_head, alter_body))}"
        return run(step, endpoint=endpoint, roots=[str(root_der)], **job)

    return relayed


def test_throttling_ends_in_the_same_photo_stored(run, store, server, root_der):
    """MiniStack never throttles, so the relay does it once, before any byte of the body."""
    pass_on = relay(store, same, same)
    page = b"<Error><Code>SlowDown</Code><Message>Reduce your request rate</Message></Error>"
    refused = []

    def script(peer):
        if refused:
            pass_on(peer)
            return
        refused.append(peer.read_head())
        head = b"HTTP/1.1 503 Slow Down\r\nRetry-After: 2\r\nContent-Length: %d\r\n\r\n"
        peer.send(head % len(page) + page)

    endpoint = f"https://localhost:{server.play(script)}"
    results = run(put(), put(), endpoint=endpoint, roots=[str(root_der)])
    assert (results[0]["action"], results[0]["retry_after_ms"]) == ("throttle", 2000)
    assert (results[0]["body_started"], results[1]["status"]) == (False, 200)
    assert stored(store)["Body"].read() == content(SIZE)


@pytest.mark.parametrize("mode", MODES)
def test_a_relay_that_alters_nothing(relayed, mode):
    assert relayed(put(), same, same, integrity=mode)["status"] == 200


@pytest.mark.parametrize("where", [100, SIZE // 2, 40_000])
@pytest.mark.parametrize(
    ("mode", "codes"),
    [
        ("none", [None]),
        ("etag", ["BadDigest"]),
        ("checksum", ["BadDigest"]),
        ("signed", ["SignatureDoesNotMatch"]),
        ("signed-checksum", ["SignatureDoesNotMatch", "BadDigest"]),
    ],
)
def test_a_body_altered_on_the_way_is_refused(relayed, store, mode, codes, where):
    result = relayed(put(), same, flip(where), integrity=mode)
    assert result.get("code") in codes
    # Without a checksum the object is stored, and only the ETag can show the difference.
    assert (objects(store) == []) == (mode not in ("none", "etag"))


@pytest.mark.parametrize(
    ("mode", "where"),
    # A byte of the CRC32's value; a hex digit of the last chunk's signature.
    [("checksum", -8), ("signed", -10)],
)
def test_an_altered_trailer_is_refused(relayed, store, mode, where):
    result = relayed(put(), same, flip(where), integrity=mode)
    assert result["status"] in (400, 403)
    assert objects(store) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"/cam1/", b"/cam1//"),
        (b"x-amz-meta-seq: 42", b"x-amz-meta-seq: 43"),
        (b"content-type: image/jpeg", b"content-type: text/html"),
        (b"if-none-match: *\r\n", b""),
        (b"UNSIGNED-PAYLOAD", b"UNSIGNED-PAYLOAD-"),
        (b"us-east-1", b"us-east-2"),
        (b"Signature=", b"Signature=0"),
    ],
)
def test_an_altered_head_is_refused(relayed, store, old, new):
    def alter(head):
        assert old in head
        return head.replace(old, new)

    result = relayed(put(metadata={"seq": 42}), alter, same)
    assert result["status"] in (301, 400, 403)
    assert objects(store) == []
