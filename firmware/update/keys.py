"""The owner's public keys in NVS, with which releases are verified."""

from binascii import unhexlify

from firmware.credentials import read
from firmware.errors import CredentialsError

# The current key and the next one: a release signed by either is good.
_NAMES = ("update_current", "update_next")


def load(index, buf=None):
    """Return the modulus of key `index`, 384 bytes; b"" if it is missing.

    `buf` is for credentials/read.py.
    """
    name = _NAMES[index]
    try:
        return read.load_der(name, buf) if read.has(name) else b""
    except CredentialsError:
        return b""


def renew(found):
    """Use the keys as the release whose judge.read() is `found` wants them from now on.

    If the next key signed it, that key becomes the current one; its `next-key` becomes the next
    one. Called a second time after a power cut, it ends with the same.
    """
    from firmware import credentials

    if found["signer"]:
        credentials.save_der(_NAMES[0], load(1))
    if "next-key" in found:
        credentials.save_der(_NAMES[1], unhexlify(found["next-key"]))
