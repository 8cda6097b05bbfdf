"""What the camera counts: a dict of whole numbers that outlives resets and, on flash, power cuts.

RTC memory holds it after every shot and loses it with the power; the file is written rarely,
because flash wears. Both: CRC-32 (4 bytes, big-endian) and JSON.
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
    """Return the dict of pack(), or None where `blob` is damaged or was never written."""
    if len(blob) > 4 and struct.pack(">I", crc32(blob[4:])) == blob[:4]:
        return json.loads(blob[4:])
    return None


def keep(counters):
    """Keep `counters` through resets."""
    RTC().memory(pack(counters))


def write(counters, path=PATH):
    """Keep `counters` through power cuts as well, but for what they end; raises OSError."""
    keep(counters)
    lasting = dict(counters)
    # After a power cut nobody knows how many photos came after this, and a new power cycle begins.
    lasting["seq"] = lasting["cycle"] = 0
    # A reset that was wanted is over by the time that anybody reads the file.
    lasting.pop("why", None)
    with open(path + ".new", "wb") as f:
        f.write(pack(lasting))
    os.rename(path + ".new", path)


def read(path=PATH):
    """Return the counters as the starts before left it, or None on a new board."""
    counters = unpack(RTC().memory())
    if counters:
        return counters
    try:
        with open(path, "rb") as f:
            return unpack(f.read())
    except OSError:
        return None
