"""Read secrets from NVS, the ESP32's key-value partition, as credentials/__init__.py writes them.

An entry is a blob: format version (1 byte), CRC-32 of the rest (4 bytes, big-endian), content.
JSON entries: "wifi" [{"ssid", "password", "hidden", "address"}, ...], all but ssid optional;
"aws" {"id", "secret"}; "iot" {"host", "port", "role_alias", "thing", "slot"}. "iot" has priority
over "aws". Its slot ("" or "2") is the suffix of two entries in DER: "iot_cert" and "iot_key".
Anybody who holds the board can read the partition, so a key in it may only put photos, and only
under the prefix of its own device.
"""

import binascii
import json
import struct

from esp32 import NVS

from firmware.errors import CredentialsError

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_NAMESPACE = "megacam"
_FORMAT = const(1)
_HEAD = ">BI"
_HEAD_BYTES = const(5)
_BLOB_BYTES = const(1984)  # the longest NVS blob that fits in one flash page
_NOT_FOUND = const(-4354)  # ESP_ERR_NVS_NOT_FOUND
_FIX = "run `megacam provision`"


def load(name, buf=None):
    """Return the value of entry `name`; raises CredentialsError.

    Pass a `buf` of at least 2 KB to read through if the heap may have no free block of that size.
    """
    return json.loads(load_der(name, buf))


def load_der(name, buf=None):
    """Return the bytes of entry `name`, see load(); raises CredentialsError."""
    blob = buf or bytearray(_BLOB_BYTES)
    n = 0
    try:
        n = NVS(_NAMESPACE).get_blob(name, blob)
    except OSError as e:
        if e.args[0] == _NOT_FOUND:
            raise CredentialsError(_missing(name))
    if n > _HEAD_BYTES:
        version, crc = struct.unpack(_HEAD, blob)
        content = bytes(memoryview(blob)[_HEAD_BYTES:n])
        if version == _FORMAT and binascii.crc32(content) == crc:
            return content
    raise CredentialsError(f"the {name} credentials in NVS are damaged; {_FIX}")


def has(name):
    """Return whether there is an entry `name`, damaged or not."""
    try:
        NVS(_NAMESPACE).get_blob(name, bytearray(1))
    except OSError as e:
        return e.args[0] != _NOT_FOUND  # usually the error is that one byte is too short
    return True


def _missing(name):
    if any(has(other) for other in ("wifi", "aws", "iot")):
        return f"no {name} credentials in NVS; {_FIX}"
    # The port silently erases a partition that it cannot read.
    return f"NVS has no credentials: the board is new, or was erased; {_FIX}"


def load_key(buf=None):
    """Return the Credentials or IoTCredentials for S3Client; raises CredentialsError.

    IoTCredentials fetch their keys through `buf`, the client's transfer buffer.
    """
    try:
        if has("iot"):
            from firmware.credentials import iot

            return iot.load(buf)
        from s3 import Credentials

        aws = load("aws", buf)
        return Credentials(aws["id"], aws["secret"])
    except (KeyError, TypeError, ValueError):
        raise CredentialsError(f"the credentials in NVS are from another version; {_FIX}")


def check():
    """Raise CredentialsError if load_key() would, as far as the entries in NVS show."""
    if has("iot"):
        slot = load("iot").get("slot", "")
        load_der("iot_cert" + slot)
        load_der("iot_key" + slot)
    else:
        load("aws")["secret"]
