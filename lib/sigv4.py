"""AWS Signature Version 4 for S3: pure text in, signature out; no socket, no clock.

signer = Signer("eu-central-1")
headers = {"host": "bucket.s3.eu-central-1.amazonaws.com"}
signer.sign(credentials, "PUT", "/cam1/a.jpg", "", headers, "UNSIGNED-PAYLOAD", seconds)
# headers now holds x-amz-date, x-amz-content-sha256 and authorization as well
"""

import hashlib
import hmac
import sys
import time
from binascii import hexlify

_ALGORITHM = "AWS4-HMAC-SHA256"
_PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
# gmtime() counts from 1970 on most ports and from 2000 on the ESP32.
_EPOCH_S = 946_684_800 if time.gmtime(0)[0] == 2000 else 0


def amz_date(seconds):
    """Return UTC `seconds` since 1970 as `YYYYMMDDTHHMMSSZ`."""
    date = time.gmtime(seconds - _EPOCH_S)
    return "{:04d}{:02d}{:02d}T{:02d}{:02d}{:02d}Z".format(*date[:6])


def uri_encode(text, safe="/"):
    """Percent-encode the UTF-8 bytes of `text` once, as S3 (and no other service) wants it."""
    # Not letter by letter as text: MicroPython would keep each of them for ever.
    safe = _PLAIN + safe.encode()
    encoded = bytearray()
    for b in text.encode():
        if b in safe:
            encoded.append(b)
        else:
            encoded += f"%{b:02X}".encode()
    return encoded.decode()


def sha256_hex(data):
    return hexlify(hashlib.sha256(data).digest()).decode()


def hmac_sha256(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def canonical_request(method, path, query, headers, payload):
    """Return the canonical request and its signed header names.

    `path` and `query` are encoded already, `headers` has lower-case names, all of them signed.
    """
    names = sorted(headers)
    lines = [method, path, query]
    lines.extend([f"{name}:{' '.join(headers[name].split())}" for name in names])
    signed = ";".join(names)
    lines.extend(("", signed, payload))
    return "\n".join(lines), signed


class Credentials:
    """An AWS key, or a temporary one with its token; shows itself without its secret."""

    def __init__(self, access_key_id, secret_access_key, session_token=None):
        self.access_key_id = access_key_id
        self.secret_access_key = secret_access_key
        self.session_token = session_token

    def __repr__(self):
        return f"Credentials({self.access_key_id})"


class Signer:
    """Signs requests to S3 in one region and keeps the signing key of the day."""

    def __init__(self, region):
        # micropython-lib's hmac imports hashlib for every HMAC, which searches the flash.
        sys.modules.setdefault("hashlib", hashlib)
        self.region = region
        self._made_from = self._key = None

    def scope(self, date):
        return f"{date[:8]}/{self.region}/s3/aws4_request"

    def key(self, secret, date):
        """Return the signing key (32 bytes) of this region for the day of `date`."""
        made_from = (secret, date[:8], self.region)
        if made_from != self._made_from:
            key = hmac_sha256(b"AWS4" + secret.encode(), date[:8])
            for part in (self.region, "s3", "aws4_request"):
                key = hmac_sha256(key, part)
            self._key = key
            self._made_from = made_from
        return self._key

    def signature(self, secret, date, request):
        """Return the hex signature of a canonical request."""
        text = "\n".join((_ALGORITHM, date, self.scope(date), sha256_hex(request.encode())))
        return hexlify(hmac_sha256(self.key(secret, date), text)).decode()

    def sign(self, credentials, method, path, query, headers, payload, seconds):
        """Add the x-amz-… and authorization headers to `headers`; return the signature.

        `path` and `query` are encoded already; every header given is signed, so `expect`,
        `connection` and the like are added by the caller afterwards. `payload` is the hex SHA-256
        of the body or one of S3's words for it.
        AWS: "Signature Calculations for the Authorization Header".
        """
        date = amz_date(seconds)
        headers["x-amz-date"] = date
        headers["x-amz-content-sha256"] = payload
        if credentials.session_token:
            headers["x-amz-security-token"] = credentials.session_token
        request, signed = canonical_request(method, path, query, headers, payload)
        signature = self.signature(credentials.secret_access_key, date, request)
        headers["authorization"] = (
            f"{_ALGORITHM} Credential={credentials.access_key_id}/{self.scope(date)}, "
            f"SignedHeaders={signed}, Signature={signature}"
        )
        return signature
