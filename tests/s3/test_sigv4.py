"""Signatures and framed bodies against botocore, for requests of hypothesis's making.

There are 10,000 cases in all; published ones are in tests/device.
"""

import datetime
import hashlib
import hmac
import io
from types import SimpleNamespace
from unittest import mock

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.httpchecksum
import botocore.utils
from hypothesis import given, settings
from hypothesis import strategies as st
from s3 import aws_chunked, aws_chunked_signed
from s3.presign import presign
from sigv4 import Signer, uri_encode

CASES = {"headers": 4_000, "urls": 2_000, "trailers": 2_500, "signed chunks": 1_500}
PAYLOADS = (
    "UNSIGNED-PAYLOAD",
    aws_chunked.Framing.payload,
    aws_chunked_signed.Framing.payload,
    aws_chunked_signed.TrailerFraming.payload,
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
)

ascii_text = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=40)
names = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=20)
keys = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=60)
regions = st.sampled_from(("us-east-1", "eu-central-1", "cn-north-1", "auto", "ap-southeast-4"))
secrets = st.text("ABCxyz0129/+", min_size=16, max_size=64)
seconds = st.integers(0, 4_102_444_799)
credentials = st.builds(
    SimpleNamespace,
    access_key_id=st.text("AKIAS0123456789", min_size=16, max_size=20),
    secret_access_key=secrets,
    session_token=st.none() | st.text("ABCxyz019+/=", min_size=1, max_size=900),
)
headers = st.dictionaries(
    names.map("x-amz-meta-{}".format)
    | st.sampled_from(("content-type", "if-none-match", "content-length", "range")),
    ascii_text,
    max_size=12,
)


def _botocore(auth_class, creds, region, at_s, request, **more):
    """Let botocore sign `request` at a time of ours."""
    now = datetime.datetime.fromtimestamp(at_s, datetime.timezone.utc)
    auth = auth_class(
        botocore.credentials.Credentials(
            creds.access_key_id, creds.secret_access_key, creds.session_token
        ),
        "s3",
        region,
        **more,
    )
    with mock.patch("botocore.auth.get_current_datetime", return_value=now.replace(tzinfo=None)):
        auth.add_auth(request)
    return request


def _path(key):
    return "/" + botocore.utils.percent_encode(key, safe="-._~/")


def cases(kind):
    return settings(max_examples=CASES[kind], deadline=None)


def test_there_are_10_000_cases():
    assert sum(CASES.values()) == 10_000


@cases("headers")
@given(
    st.sampled_from(("GET", "PUT", "HEAD")),
    keys,
    headers,
    st.sampled_from(PAYLOADS),
    credentials,
    regions,
    seconds,
)
def test_headers_are_signed_as_botocore_does(method, key, given, payload, creds, region, at_s):
    class Auth(botocore.auth.S3SigV4Auth):
        def payload(self, request):
            return payload

    host = f"bucket.s3.{region}.amazonaws.com"
    path = _path(key)
    assert "/" + uri_encode(key) == path
    ours = {**given, "host": host}
    Signer(region).sign(creds, method, path, "", ours, payload, at_s)
    request = botocore.awsrequest.AWSRequest(method, f"https://{host}{path}", dict(given))
    theirs = _botocore(Auth, creds, region, at_s, request)
    assert ours["authorization"] == theirs.headers["Authorization"]


@cases("urls")
@given(
    st.sampled_from(("GET", "PUT")), keys, credentials, regions, seconds, st.integers(1, 604_800)
)
def test_urls_are_presigned_as_botocore_does(method, key, creds, region, at_s, expires_s):
    host = f"s3.{region}.amazonaws.com"
    path = "/bucket" + _path(key)
    request = botocore.awsrequest.AWSRequest(method, f"https://{host}{path}")
    theirs = _botocore(
        botocore.auth.S3SigV4QueryAuth, creds, region, at_s, request, expires=expires_s
    )
    ours = presign(Signer(region), creds, method, host, path, expires_s, at_s)
    base, _, query = theirs.url.partition("?")
    assert ours.partition("?")[0] == base
    assert sorted(ours.partition("?")[2].split("&")) == sorted(query.split("&"))


def _framed(framing, data, client=None):
    """Return `data` as the framing puts it on the wire, in the pieces that s3.copy makes."""
    wire = io.BytesIO()
    client = client or SimpleNamespace(connection=SimpleNamespace())
    client.connection.send = wire.write
    if framing.begin:
        framing.begin(client, client.date, client.signature)
    for start in range(0, len(data), framing.chunk):
        chunk = data[start : start + framing.chunk]
        wire.write(framing.head(len(chunk)))
        for at in range(0, len(chunk), len(framing.buf)):
            piece = chunk[at : at + len(framing.buf)]
            framing.update(piece)
            wire.write(piece)
    wire.write(framing.finish())
    return wire.getvalue()


@cases("trailers")
@given(st.binary(max_size=5000), st.integers(1, 600), st.integers(1, 6))
def test_a_trailing_checksum_is_framed_as_botocore_does(data, buffer_size, buffers):
    framing = aws_chunked.Framing(len(data), bytearray(buffer_size))
    framing.chunk = buffer_size * buffers
    theirs = botocore.httpchecksum.AwsChunkedWrapper(
        io.BytesIO(data),
        checksum_cls=botocore.httpchecksum.Crc32Checksum,
        checksum_name="x-amz-checksum-crc32",
        chunk_size=framing.chunk,
    )
    ours = _framed(framing, data)
    assert ours == theirs.read()
    declared = {}
    framing.add_headers(declared)
    assert int(declared["content-length"]) == len(ours)
    assert int(declared["x-amz-decoded-content-length"]) == len(data)


def _hmac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _check_chain(wire, secret, region, date, signature):
    """Verify every signature of a signed body as AWS describes it; return (data, trailers)."""
    key = b"AWS4" + secret.encode()
    for part in (date[:8], region, "s3", "aws4_request"):
        key = _hmac(key, part)
    scope = f"{date[:8]}/{region}/s3/aws4_request"
    empty = hashlib.sha256(b"").hexdigest()
    data = b""
    while True:
        head, _, wire = wire.partition(b"\r\n")
        size, _, given = head.decode().partition(";chunk-signature=")
        chunk = wire[: int(size, 16)]
        hashed = hashlib.sha256(chunk).hexdigest()
        text = f"AWS4-HMAC-SHA256-PAYLOAD\n{date}\n{scope}\n{signature}\n{empty}\n{hashed}"
        signature = _hmac(key, text).hex()
        assert given == signature
        wire = wire[len(chunk) :]
        if not chunk:
            break
        assert len(chunk) >= 8192 or wire.startswith(b"\r\n0;"), "only the last may be small"
        assert wire.startswith(b"\r\n")
        wire = wire[2:]
        data += chunk
    trailer, _, rest = wire.partition(b"x-amz-trailer-signature:")
    if rest:
        hashed = hashlib.sha256(trailer.replace(b"\r\n", b"\n")).hexdigest()
        text = f"AWS4-HMAC-SHA256-TRAILER\n{date}\n{scope}\n{signature}\n{hashed}"
        assert rest == _hmac(key, text).hex().encode() + b"\r\n\r\n"
    else:
        assert wire == b"\r\n"
    return data, trailer


@cases("signed chunks")
@given(
    st.integers(0, 40_000),
    st.integers(0, 255),
    secrets,
    regions,
    st.sampled_from((aws_chunked_signed.Framing, aws_chunked_signed.TrailerFraming)),
)
def test_every_chunk_carries_its_signature(size, seed, secret, region, framing_class):
    data = bytes((seed + i * i) & 255 for i in range(256)) * (size // 256) + bytes(size % 256)
    framing = framing_class(len(data), bytearray(aws_chunked_signed.CHUNK))
    client = SimpleNamespace(
        connection=SimpleNamespace(),
        region=region,
        credentials=SimpleNamespace(secret_access_key=secret),
        date="20261123T234500Z",
        signature="5" * 64,
    )
    wire = _framed(framing, data, client)
    declared = {}
    framing.add_headers(declared)
    assert int(declared["content-length"]) == len(wire)
    body, trailer = _check_chain(wire, secret, region, client.date, client.signature)
    assert body == data
    if framing_class is aws_chunked_signed.TrailerFraming:
        crc = botocore.httpchecksum.Crc32Checksum()
        crc.update(data)
        assert trailer == f"x-amz-checksum-crc32:{crc.b64digest()}\r\n".encode()
