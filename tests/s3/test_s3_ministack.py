"""S3Client on the real interpreter with MiniStack, which verifies signatures and policies."""

import hashlib
import os
import shutil
import ssl
import time
import urllib.error
import urllib.request
from types import SimpleNamespace

import pytest
from ministack_puts import MODES, SIZE, content, objects, put, stored
from s3.presign import presign
from servers.s3_store import pieces
from sigv4 import Signer


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


def test_an_object_is_read_in_pieces(run, store, device, reader):
    part = {"op": "part", "key": "cam1/film.bin", "most": 4000, "close": False}
    store.client("s3").put_object(Bucket="photos", Key="cam1/film.bin", Body=content(10_000))
    steps = [{**part, "first": first} for first in (0, 4000, 8000, 12_000)]
    *results, beyond = run(*steps, key=reader)
    assert [result["status"] for result in results] == [206] * 3
    assert pieces(run.log) == [content(4000), content(8000)[4000:], content(10_000)[8000:], b""]
    assert (beyond["code"], beyond["status"]) == ("InvalidRange", 416)
    same, other = run({**part, "etag": results[0]["etag"]}, {**part, "etag": '"x"'}, key=reader)
    assert (same["status"], other["status"]) == (304, 206)
    assert pieces(run.log) == [b"", content(4000)]


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
