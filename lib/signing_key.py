"""The HMAC half of AWS Signature Version 4: the signing key of the day and its signatures.

signature = sign(secret_access_key, text, kept)  # text: the string to sign, from sigv4.py

A module of its own, because next to the rest of sigv4.py it would take twice the memory.
AWS: "Calculate a signature" and "Derive a signing key for Signature Version 4".
"""

import hashlib
import hmac
import sys
from binascii import hexlify


def hmac_sha256(key, text):
    """Return the HMAC-SHA256 (32 bytes) of the string `text` with the bytes `key`."""
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signing_key(secret, scope, kept):
    """Return the signing key (32 bytes) for `scope`, "DAY/REGION/s3/aws4_request".

    `kept` is the caller's dict, which holds the last key that was made.
    """
    # micropython-lib's hmac imports hashlib for every HMAC, which would search the flash.
    sys.modules.setdefault("hashlib", hashlib)
    sys.modules.pop("hmac", None)  # this module holds it, so both are freed together
    made_from = (secret, scope)
    key = kept.get(made_from)
    if not key:
        kept.clear()
        key = b"AWS4" + secret.encode()
        for part in scope.split("/"):
            key = hmac_sha256(key, part)
        kept[made_from] = key
    return key


def sign(secret, text, kept):
    """Return the hex signature of `text`, a string to sign, whose third line is the scope."""
    key = signing_key(secret, text.split("\n", 3)[2], kept)
    return hexlify(hmac_sha256(key, text)).decode()
