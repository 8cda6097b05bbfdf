"""The owner's public keys in NVS, with which releases are verified."""

from binascii import unhexlify

from firmware.credentials import read
from firmware.errors import CredentialsError

# The current key and the next one: a release signed by either is good.
_NAMES = ("update_current", "update_next")


def load(buf=None):
    """Return the moduli of the keys, 384 bytes each; b"" for a missing one; [] if none is there.

    `buf` is for credentials/read.py.
    """
    found = [_load(name, buf) for name in _NAMES]
    return found if any(found) else []


def _load(name, buf):
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
        credentials.save_der(_NAMES[0], load()[1])
    if "next-key" in found:
        credentials.save_der(_NAMES[1], unhexlify(found["next-key"]))
