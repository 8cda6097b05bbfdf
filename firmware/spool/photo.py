"""Open a photo in the spool for sending, and check it."""

import json
import struct
from binascii import crc32


def open_photo(folder, name):
    """Return the Photo `name` in `folder`; close it after use. Raises SpoolError if damaged."""
    path = f"{folder}/{name}"
    try:
        file = open(path, "rb")
    except OSError as e:
        from firmware.spool import words

        raise words.failed("open", path, e)
    seq = int(name.partition("-")[2])
    try:
        size, check, tail = _tail(file, seq)
        from firmware.spool import body

        photo = body.Photo(file, path, size, check)
        tail = json.loads(tail)
        photo.meta = "\n".join([f"{name}={tail[name]}" for name in sorted(tail)]).encode()
    except (OSError, ValueError) as e:
        file.close()
        from firmware.spool import words

        raise words.failed("read", path, e)
    photo.name = name
    photo.seq = seq
    return photo


def _tail(file, seq):
    end = file.seek(0, 2)
    file.seek(max(end - 16, 0))
    foot = file.read(16)
    if len(foot) == 16:
        size, photo_crc, length, check = struct.unpack("<IIII", foot)
        if size + length + 16 == end:
            file.seek(size)
            tail = file.read(length)
            if crc32(foot[:12], crc32(tail, seq)) == check:
                return size, photo_crc, tail
    raise ValueError("the photo is damaged")
