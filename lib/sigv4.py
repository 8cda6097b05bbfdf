"""AWS Signature Version 4 for S3: it turns text into a signature and uses no socket or clock.

signer = Signer("eu-central-1")
headers = {"host": "bucket.s3.eu-central-1.amazonaws.com"}
signer.sign(credentials, "PUT", "/cam1/a.jpg", "", headers, "UNSIGNED-PAYLOAD", seconds)
# headers now holds x-amz-date, x-amz-content-sha256 and authorization as well
"""

from canonical_request import prepare, scope_of, signed_names, string_to_sign
from signing_key import sign, signing_key
from uri_encode import uri_encode


class Signer:
    """Signs requests to S3 in one region and keeps the signing key of the day.

    `credentials` of its methods have access_key_id, secret_access_key and session_token or None.
    `kept`, a dict, holds the key; pass it to another Signer to reuse the key.
    """

    def __init__(self, region, kept=None):
        self.region = region
        self._kept = {} if kept is None else kept

    def encode(self, key):
        """Return an object key as it stands in a path."""
        return uri_encode(key)

    def scope(self, date):
        return scope_of(date, self.region)

    def key(self, secret, date):
        """Return the signing key (32 bytes) of this region for the day of `date`."""
        return signing_key(secret, self.scope(date), self._kept)

    def signature(self, secret, date, request):
        """Return the hex signature of a canonical request, which comes in pieces."""
        return sign(secret, string_to_sign(date, self.scope(date), request), self._kept)

    def sign(self, credentials, method, path, query, headers, payload, seconds):
        """Add the x-amz-* and authorization headers to `headers`; return the signature.

        `path` and `query` must be encoded. Every header in `headers` is signed, so add `expect`,
        `connection` and the like afterwards. `payload` is the hex SHA-256 of the body, or one of
        S3's constants such as "UNSIGNED-PAYLOAD".
        AWS: "Signature Calculations for the Authorization Header".
        """
        begin, text = prepare(
            self.region, credentials, method, path, query, headers, payload, seconds
        )
        signature = sign(credentials.secret_access_key, text, self._kept)
        names = b"".join(signed_names(headers)).decode()
        headers["authorization"] = f"{begin}{names}, Signature={signature}"
        return signature
