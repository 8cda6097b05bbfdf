"""AWS Signature Version 4 for S3: it turns text into a signature and uses no socket or clock.

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
    """Percent-encode the UTF-8 bytes of `text` once: only S3 signs paths encoded once."""
    # Not one letter at a time as text: MicroPython would intern each forever.
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


def signed_names(headers):
    """Yield all names of `headers` as the signature lists them: "a;b;c" in pieces."""
    end = ""
    for name in sorted(headers):
        yield end + name
        end = ";"


def canonical_request(method, path, query, headers, payload):
    """Yield the canonical request in pieces; as one string it would take 2 KB of RAM at once.

    `path` and `query` must be encoded. `headers` must have lower-case names; all are signed.
    """
    yield f"{method}\n{path}\n"
    yield query
    yield "\n"
    for name in sorted(headers):
        yield f"{name}:{' '.join(headers[name].split())}\n"
    yield "\n"
    yield from signed_names(headers)
    yield "\n"
    yield payload


class Signer:
    """Signs requests to S3 in one region and caches the signing key of the day.

    The `credentials` that its methods take have access_key_id, secret_access_key and
    session_token (or None). The dict `kept` caches the key, so that the next Signer can use it.
    """

    def __init__(self, region, kept=None):
        # micropython-lib's hmac imports hashlib for every HMAC, which searches the flash.
        sys.modules.setdefault("hashlib", hashlib)
        sys.modules.pop("hmac", None)  # this module holds it, so it is freed with this module
        self.region = region
        self._kept = {} if kept is None else kept

    def encode(self, key):
        """Return an object's key, encoded for a path."""
        return uri_encode(key)

    def scope(self, date):
        return f"{date[:8]}/{self.region}/s3/aws4_request"

    def key(self, secret, date):
        """Return the signing key (32 bytes) of this region for the day of `date`."""
        made_from = (secret, date[:8], self.region)
        key = self._kept.get(made_from)
        if not key:
            self._kept.clear()
            key = hmac_sha256(b"AWS4" + secret.encode(), date[:8])
            for part in (self.region, "s3", "aws4_request"):
                key = hmac_sha256(key, part)
            self._kept[made_from] = key
        return key

    def signature(self, secret, date, request):
        """Return the hex signature of a canonical request, which comes in pieces."""
        digest = hashlib.sha256()
        for piece in request:
            digest.update(piece.encode())
        digest = hexlify(digest.digest()).decode()
        text = "\n".join((_ALGORITHM, date, self.scope(date), digest))
        return hexlify(hmac_sha256(self.key(secret, date), text)).decode()

    def sign(self, credentials, method, path, query, headers, payload, seconds):
        """Add the x-amz-* and authorization headers to `headers`; return the signature.

        `path` and `query` must be encoded. Every header in `headers` is signed, so add `expect`,
        `connection` and the like afterwards. `payload` is the hex SHA-256 of the body, or one of
        S3's constants such as "UNSIGNED-PAYLOAD".
        AWS: "Signature Calculations for the Authorization Header".
        """
        begin, signature = self.parts(credentials, method, path, query, headers, payload, seconds)
        names = "".join(signed_names(headers))
        headers["authorization"] = f"{begin}{names}, Signature={signature}"
        return signature

    def parts(self, credentials, method, path, query, headers, payload, seconds):
        """Do the same as sign(), except for the authorization header: 500 bytes in one piece.

        Return the header's beginning and the signature; the signed names go between the two.
        """
        date = amz_date(seconds)
        headers["x-amz-date"] = date
        headers["x-amz-content-sha256"] = payload
        if credentials.session_token:
            headers["x-amz-security-token"] = credentials.session_token
        request = canonical_request(method, path, query, headers, payload)
        signature = self.signature(credentials.secret_access_key, date, request)
        scope = f"{credentials.access_key_id}/{self.scope(date)}"
        return f"{_ALGORITHM} Credential={scope}, SignedHeaders=", signature
