"""Write secrets to NVS, the ESP32's key-value partition.

credentials/read.py has the format and the functions that read. The capture loop only reads, so
it does not load this part.
"""

import binascii
import json
import struct

from esp32 import NVS

from firmware.credentials.read import has, load, load_der, load_key
from firmware.errors import CredentialsError

__all__ = ["erase", "has", "load", "load_der", "load_key", "save", "save_der"]

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_NAMESPACE = "megacam"
_FORMAT = const(1)
_HEAD = ">BI"
_BLOB_BYTES = const(1984)  # the longest NVS blob that fits in one flash page


def save(name, value):
    """Write entry `name` as JSON, committed on return; raises CredentialsError if too long."""
    save_der(name, json.dumps(value).encode())


def save_der(name, content):
    """Write the bytes `content` as entry `name`, see save(); raises CredentialsError."""
    blob = struct.pack(_HEAD, _FORMAT, binascii.crc32(content)) + content
    if len(blob) > _BLOB_BYTES:
        raise CredentialsError(f"NVS entry {name!r} takes {len(blob)} of {_BLOB_BYTES} bytes")
    nvs = NVS(_NAMESPACE)
    nvs.set_blob(name, blob)
    nvs.commit()


def erase(name):
    """Erase entry `name`; do nothing if there is none."""
    nvs = NVS(_NAMESPACE)
    try:
        nvs.erase_key(name)
    except OSError:
        return
    nvs.commit()
