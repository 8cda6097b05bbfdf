"""The owner's public keys in NVS, with which releases are verified."""

from firmware.credentials.read import has, load_der
from firmware.errors import CredentialsError

# The current key and the next one: a release signed by either is good.
NAMES = ("update_current", "update_next")


def load(index, buf=None):
    """Return the modulus of key `index`, 384 bytes; b"" if it is missing.

    `buf` is for credentials/read.py.
    """
    name = NAMES[index]
    try:
        return load_der(name, buf) if has(name) else b""
    except CredentialsError:
        return b""
