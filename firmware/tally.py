"""What the camera counts: a dict of whole numbers that outlives resets and, on flash, power cuts.

RTC memory holds it after every shot and loses it with the power; the file is written rarely,
because flash wears. Both: CRC-32 (4 bytes, big-endian) and JSON. To be called through rare.py.
"""

import json
import os
import struct
from binascii import crc32

from machine import RTC

PATH = "/tally"


def pack(tally):
    """Return the bytes that unpack() reads."""
    text = json.dumps(tally).encode()
    return struct.pack(">I", crc32(text)) + text


def unpack(blob):
    """Return the dict of pack(), or None where `blob` is damaged or was never written."""
    if len(blob) > 4 and struct.pack(">I", crc32(blob[4:])) == blob[:4]:
        return json.loads(blob[4:])
    return None


def keep(tally):
    """Keep `tally` through resets."""
    RTC().memory(pack(tally))


def write(tally, path=PATH):
    """Keep `tally` through power cuts as well, but for what they end; raises OSError."""
    keep(tally)
    lasting = dict(tally)
    # After a power cut nobody knows how many photos came after this, and another era begins.
    lasting["seq"] = lasting["era"] = 0
    # A reset that was wanted is over by the time that anybody reads the file.
    lasting.pop("why", None)
    with open(path + ".new", "wb") as f:
        f.write(pack(lasting))
    os.rename(path + ".new", path)


def read(path=PATH):
    """Return the tally as the starts before left it, or None on a new board."""
    tally = unpack(RTC().memory())
    if tally:
        return tally
    try:
        with open(path, "rb") as f:
            return unpack(f.read())
    except OSError:
        return None
