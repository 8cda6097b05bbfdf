"""The camera's counters: a dict of integers that survives resets and, on flash, power cuts.

keep() saves it in RTC memory after every shot, which a power cut erases. write() also saves it in
a file, but rarely, because flash wears. Format of both: CRC-32 (4 bytes, big-endian) and JSON.
"""

import json
import os
import struct
from binascii import crc32

from machine import RTC

PATH = "/tally"


def pack(counters):
    """Return the bytes that unpack() reads."""
    text = json.dumps(counters).encode()
    return struct.pack(">I", crc32(text)) + text


def unpack(blob):
    """Return the dict from pack(), or None if `blob` is damaged or was never written."""
    if len(blob) > 4 and struct.pack(">I", crc32(blob[4:])) == blob[:4]:
        return json.loads(blob[4:])
    return None


def keep(counters):
    """Save `counters` for the next reset."""
    RTC().memory(pack(counters))


def write(counters, path=PATH):
    """Save `counters` for a power cut as well, without those that it resets; raises OSError."""
    keep(counters)
    lasting = dict(counters)
    # A power cut starts a new power cycle, and the number of photos since this write is unknown.
    lasting["seq"] = lasting["cycle"] = 0
    # The reason of an intended reset is obsolete when the file is read after a power cut.
    lasting.pop("why", None)
    with open(path + ".new", "wb") as f:
        f.write(pack(lasting))
    os.rename(path + ".new", path)


def read(path=PATH):
    """Return the counters that were last saved, or None on a new board."""
    counters = unpack(RTC().memory())
    if counters:
        return counters
    try:
        with open(path, "rb") as f:
            return unpack(f.read())
    except OSError:
        return None
