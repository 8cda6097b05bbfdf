"""AWS Signature Version 4 as a server checks it, and the encodings of a signed body.

It shares no code with the firmware; tests/swarm/test_swarm.py compares it with botocore. Source:
"Signature Calculations for the Authorization Header" of the S3 API reference, and its two pages
about payloads in multiple chunks.
"""

import base64
import hashlib
import hmac
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

_EMPTY = hashlib.sha256().hexdigest()
_MUST_BE_SIGNED = {"host", "x-amz-date", "x-amz-content-sha256"}
_TRAILER = b"x-amz-checksum-crc32"


class SignatureError(Exception):
    """A request that no correct client sends; the message says what is wrong."""


class DamagedError(Exception):
    """A body whose checksum or signature does not fit."""


@dataclass
class Scope:
    """What an Authorization header says."""

    key_id: str
    day: str
    region: str
    names: list[str]
    signature: str


def scope_of(headers: Mapping[str, str]) -> Scope:
    """Return what the header says; raises SignatureError."""
    try:
        algorithm, rest = headers["authorization"].split(" ", 1)
        parts = dict(part.strip().split("=", 1) for part in rest.split(","))
        key_id, day, region, service, end = parts["Credential"].split("/")
        names = parts["SignedHeaders"].split(";")
        signature = parts["Signature"]
    except (KeyError, ValueError):
        raise SignatureError("the Authorization header is malformed") from None
    if (algorithm, service, end) != ("AWS4-HMAC-SHA256", "s3", "aws4_request"):
        raise SignatureError("the scope is wrong")
    if names != sorted(names) or not {*names} >= _MUST_BE_SIGNED:
        raise SignatureError(f"the signed headers are {';'.join(names)}")
    if {name for name in headers if name.startswith("x-amz-")} - {*names}:
        raise SignatureError("a header x-amz-... is not signed")
    return Scope(key_id, day, region, names, signature)


@cache
def signing_key(secret: str, day: str, region: str) -> bytes:
    """Return the key of that day."""
    key = f"AWS4{secret}".encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def signature(
    method: str, path: str, query: str, headers: Mapping[str, str], secret: str, scope: Scope
) -> str:
    """Return the signature that the request should have."""
    lines = "".join(f"{name}:{' '.join(headers[name].split())}\n" for name in scope.names)
    head = f"{method}\n{path}\n{query}\n{lines}\n{';'.join(scope.names)}\n"
    request = head + headers["x-amz-content-sha256"]
    text = _text(headers["x-amz-date"], scope, "AWS4-HMAC-SHA256", request)
    return hmac.new(signing_key(secret, scope.day, scope.region), text, "sha256").hexdigest()


def _text(date: str, scope: Scope, algorithm: str, request: str) -> bytes:
    place = f"{scope.day}/{scope.region}/s3/aws4_request"
    hashed = hashlib.sha256(request.encode()).hexdigest()
    return f"{algorithm}\n{date}\n{place}\n{hashed}".encode()


def body_of(data: bytes, headers: Mapping[str, str], secret: str, scope: Scope) -> bytes:
    """Return the object in a body; raises DamagedError, or SignatureError for another encoding."""
    mode = headers["x-amz-content-sha256"]
    if mode == "UNSIGNED-PAYLOAD":
        return data
    if not mode.startswith("STREAMING-"):
        if hashlib.sha256(data).hexdigest() != mode:
            raise DamagedError("the body has another hash")
        return data
    if headers.get("content-encoding") != "aws-chunked":
        raise SignatureError("a streaming body is not aws-chunked")
    is_signed = mode.startswith("STREAMING-AWS4")
    chain = _Chain(headers, secret, scope) if is_signed else None
    body, trailer = _unchunk(data, chain)
    if len(body) != int(headers["x-amz-decoded-content-length"]):
        raise SignatureError("x-amz-decoded-content-length is wrong")
    if mode.endswith("-TRAILER"):
        _check_trailer(body, trailer, chain)
    elif trailer.strip():
        raise SignatureError("a trailer that was not announced")
    return body


class _Chain:
    def __init__(self, headers: Mapping[str, str], secret: str, scope: Scope):
        self._key = signing_key(secret, scope.day, scope.region)
        place = f"{scope.day}/{scope.region}/s3/aws4_request"
        self._start = f"{headers['x-amz-date']}\n{place}"
        self._last = scope.signature

    def check(self, kind: str, hashes: str, given: str) -> None:
        text = f"AWS4-HMAC-SHA256-{kind}\n{self._start}\n{self._last}\n{hashes}"
        self._last = hmac.new(self._key, text.encode(), "sha256").hexdigest()
        if self._last != given:
            raise DamagedError(f"the signature of a {kind.lower()} does not fit")


def _unchunk(data: bytes, chain: _Chain | None) -> tuple[bytes, bytes]:
    body, at = [], 0
    while True:
        end = data.index(b"\r\n", at)
        head, _, given = data[at:end].partition(b";chunk-signature=")
        size = int(head, 16)
        chunk = data[end + 2 : end + 2 + size]
        if chain:
            hashes = f"{_EMPTY}\n{hashlib.sha256(chunk).hexdigest()}"
            chain.check("PAYLOAD", hashes, given.decode())
        at = end + 2 + size
        if not size:
            return b"".join(body), data[at:]
        if data[at : at + 2] != b"\r\n":
            raise SignatureError("a chunk is longer than it says")
        body.append(chunk)
        at += 2


def _check_trailer(body: bytes, trailer: bytes, chain: _Chain | None) -> None:
    lines = trailer.rstrip(b"\r\n").split(b"\r\n")
    name, _, value = lines[0].partition(b":")
    if name != _TRAILER or not trailer.endswith(b"\r\n\r\n"):
        raise SignatureError(f"the trailer is {trailer!r}")
    if base64.b64decode(value) != zlib.crc32(body).to_bytes(4, "big"):
        raise DamagedError("the checksum does not fit")
    if chain:
        hashed = hashlib.sha256(lines[0] + b"\n").hexdigest()
        chain.check("TRAILER", hashed, lines[1].partition(b":")[2].decode())
