"""Change the Wi-Fi networks by a sealed line of a release; loaded only for that.

Secrets never travel in the clear: the line is encrypted with a key that only the owner and this
board have, made at provisioning. It is 16 bytes of initial vector, the encrypted JSON of the NVS
entry "wifi", and 32 bytes of authentication, in hex.
"""

import hashlib
import hmac
import json
from binascii import unhexlify

import cryptolib

from firmware import credentials
from firmware.errors import CredentialsError
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_CBC = const(2)  # of cryptolib.aes()
_BLOCK_BYTES = const(16)
_MAC_BYTES = const(32)
_OLD = "wifi_before"


def change(line, device, counter):
    """Use the networks in `line` from now on, and keep the old ones; raises ValueError."""
    networks = _open(line, _seal(), device, counter)
    if not credentials.has(_OLD):  # not a second time, after a power cut
        credentials.save(_OLD, credentials.load("wifi"))
    credentials.save("wifi", networks)


def undo():
    """Use the networks again that were in use before change()."""
    credentials.save("wifi", credentials.load(_OLD))
    credentials.erase(_OLD)
    log("W wifi networks are the old ones again")


def _seal():
    try:
        return credentials.load_der("seal")
    except CredentialsError:
        raise ValueError("its Wi-Fi change is sealed, and this camera has no key for it")


def _open(line, seal, device, counter):
    """Return the networks in `line`; raises ValueError if another key or a change made it.

    The code is authenticated before anything is decrypted, with a key of its own.
    """
    sealed = unhexlify(line)
    body, mac = sealed[:-_MAC_BYTES], sealed[-_MAC_BYTES:]
    head = f"{device}\n{counter}\n".encode()
    if len(body) < 2 * _BLOCK_BYTES or _mac(_mac(seal, b"authenticate"), head + body) != mac:
        raise ValueError("its Wi-Fi change is not sealed for this camera")
    aes = cryptolib.aes(_mac(seal, b"encrypt"), _CBC, body[:_BLOCK_BYTES])
    text = aes.decrypt(body[_BLOCK_BYTES:])
    return json.loads(text[: -text[-1]])


def _mac(key, text):
    return hmac.new(key, text, hashlib.sha256).digest()
