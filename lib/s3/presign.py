"""Presigned URLs: anyone can use one for a GET or PUT without credentials.

    url = presign(signer, credentials, "GET", host, "/cam1/a.jpg", 900, seconds)

AWS: "Authenticating Requests: Using Query Parameters".
"""

from canonical_request import amz_date, canonical_request
from uri_encode import uri_encode

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_MAX_EXPIRES_S = const(604_800)
_UNSIGNED = "UNSIGNED-PAYLOAD"


def encode_query(pairs):
    """Return the canonical query string of (name, value) pairs."""
    encoded = sorted([(uri_encode(name, ""), uri_encode(value, "")) for name, value in pairs])
    return "&".join([f"{name}={value}" for name, value in encoded])


def presign(signer, credentials, method, host, path, expires_s, seconds, headers=()):
    """Return a URL that is valid for `expires_s` (1 to 604800) from `seconds`, UTC since 1970.

    `path` must be encoded. `headers` are (name, value) pairs that the request must send unchanged.
    The URL expires earlier if temporary credentials do.
    """
    if not 1 <= expires_s <= _MAX_EXPIRES_S:
        raise ValueError(f"expires_s {expires_s}: use 1 to {_MAX_EXPIRES_S}")
    signed = dict(headers)
    signed["host"] = host
    date = amz_date(seconds)
    pairs = [
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
        ("X-Amz-Credential", f"{credentials.access_key_id}/{signer.scope(date)}"),
        ("X-Amz-Date", date),
        ("X-Amz-Expires", str(expires_s)),
        ("X-Amz-SignedHeaders", ";".join(sorted(signed))),
    ]
    if credentials.session_token:
        pairs.append(("X-Amz-Security-Token", credentials.session_token))
    query = encode_query(pairs)
    request = canonical_request(method, path, query, signed, _UNSIGNED)
    signature = signer.signature(credentials.secret_access_key, date, request)
    return f"https://{host}{path}?{query}&X-Amz-Signature={signature}"
