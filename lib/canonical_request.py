"""The text half of AWS Signature Version 4: the canonical request, and the string to sign.

begin, text = prepare(region, credentials, "PUT", "/cam1/a.jpg", "", headers, payload, seconds)

It needs no key; signing_key.py signs the text. A module of its own, because next to HMAC it would
take twice the memory. AWS: "Create a canonical request" and "Create a string to sign".
"""

import hashlib
import time
from binascii import hexlify

from header_fields import fields

_ALGORITHM = "AWS4-HMAC-SHA256"
# gmtime() counts from 1970 on most ports and from 2000 on the ESP32.
_EPOCH_S = 946_684_800 if time.gmtime(0)[0] == 2000 else 0


def amz_date(seconds):
    """Return UTC `seconds` since 1970 as `YYYYMMDDTHHMMSSZ`."""
    date = time.gmtime(seconds - _EPOCH_S)
    return "{:04d}{:02d}{:02d}T{:02d}{:02d}{:02d}Z".format(*date[:6])


def signed_names(headers):
    """Yield all names of `headers` as the signature lists them: b"a;b;c" in pieces."""
    end = b""
    for name, _ in fields(headers):
        yield end + name
        end = b";"


def canonical_request(method, path, query, headers, payload):
    """Yield the canonical request as bytes in pieces; at once it would take 2 KB of RAM.

    `path` and `query` must be encoded. `headers`, as for header_fields.py, must have lower-case
    names; all are signed.
    """
    yield f"{method}\n{path}\n".encode()
    yield query.encode()
    yield b"\n"
    for name, value in fields(headers):
        yield name + b":"
        # A session token has a kilobyte: no copies of it where nothing has to change.
        yield value if b" " not in value else b" ".join(value.split())
        yield b"\n"
    yield b"\n"
    yield from signed_names(headers)
    yield b"\n"
    yield payload.encode()


def scope_of(date, region):
    """Return the scope of signatures made on the day of `date`, as amz_date() returns it."""
    return f"{date[:8]}/{region}/s3/aws4_request"


def string_to_sign(date, scope, request):
    """Return the four lines that are signed for a canonical request, which comes in pieces."""
    digest = hashlib.sha256()
    for piece in request:
        digest.update(piece)
    digest = hexlify(digest.digest()).decode()
    return "\n".join((_ALGORITHM, date, scope, digest))


def prepare(region, credentials, method, path, query, headers, payload, seconds):
    """Do Signer.sign() without HMAC and without the authorization header.

    Return the beginning of that header and the string to sign; what follows the beginning are the
    signed names and the signature of the string.
    """
    date = amz_date(seconds)
    scope = scope_of(date, region)
    headers["x-amz-date"] = date
    headers["x-amz-content-sha256"] = payload
    if credentials.session_token:
        headers["x-amz-security-token"] = credentials.session_token
    text = string_to_sign(date, scope, canonical_request(method, path, query, headers, payload))
    begin = f"{_ALGORITHM} Credential={credentials.access_key_id}/{scope}, SignedHeaders="
    return begin, text
