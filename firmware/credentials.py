"""Secrets in NVS, the ESP32's key-value partition: the only module that knows how they lie there.

An entry is a blob: format version (1 byte), CRC-32 of the rest (4 bytes, big-endian), JSON.
Entries: "wifi" [{"ssid", "password"}, ...] and "aws" {"id", "secret"}. The partition is plain
text to anybody who holds the board, so a key in it may only put photos, and only its own.
"""

import binascii
import json
import struct

from esp32 import NVS
from sigv4 import Credentials

from firmware.errors import CredentialsError

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_NAMESPACE = "megacam"
_FORMAT = const(1)
_HEAD = ">BI"
_HEAD_BYTES = const(5)
_BLOB_BYTES = const(1984)  # the longest NVS blob that fits in one flash page


def save(name, value):
    """Write entry `name`; durable when it returns. Raises CredentialsError if it is too long."""
    text = json.dumps(value).encode()
    blob = struct.pack(_HEAD, _FORMAT, binascii.crc32(text)) + text
    if len(blob) > _BLOB_BYTES:
        raise CredentialsError(f"NVS entry {name!r} takes {len(blob)} of {_BLOB_BYTES} bytes")
    nvs = NVS(_NAMESPACE)
    nvs.set_blob(name, blob)
    nvs.commit()


def load(name):
    """Return the value of entry `name`; raises CredentialsError."""
    blob = bytearray(_BLOB_BYTES)
    try:
        n = NVS(_NAMESPACE).get_blob(name, blob)
    except OSError:
        raise CredentialsError(
            f"no {name} credentials in NVS (new board, or NVS was erased); {_FIX}"
        )
    if n > _HEAD_BYTES:
        version, crc = struct.unpack(_HEAD, blob)
        text = bytes(memoryview(blob)[_HEAD_BYTES:n])
        if version == _FORMAT and binascii.crc32(text) == crc:
            return json.loads(text)
    raise CredentialsError(f"the {name} credentials in NVS are damaged; {_FIX}")


def erase(name):
    """Forget entry `name`; nothing happens if there is none."""
    nvs = NVS(_NAMESPACE)
    try:
        nvs.erase_key(name)
    except OSError:
        return
    nvs.commit()


def load_key():
    """Return the board's AWS key as Credentials; raises CredentialsError."""
    aws = load("aws")
    return Credentials(aws["id"], aws["secret"])


_FIX = "run `megacam provision`"
