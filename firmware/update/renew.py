"""Renew the owner's public keys in NVS; loaded once a release has proved itself."""

from binascii import unhexlify

from firmware.credentials import load_der, save_der
from firmware.update.keys import NAMES


def renew(found):
    """Use the keys as the release whose judge.read() is `found` wants them from now on.

    If the next key signed it, that key becomes the current one; its `next-key` becomes the next
    one. Called a second time after a power cut, it ends with the same.
    """
    if found["signer"]:
        save_der(NAMES[0], load_der(NAMES[1]))
    if "next-key" in found:
        save_der(NAMES[1], unhexlify(found["next-key"]))
