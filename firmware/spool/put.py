"""Write a photo into the spool."""

import struct
from binascii import crc32


def put(spool, body, buf, name, tail):
    """Write `body` and then `tail`, its metadata; Spool.put() has made room for both."""
    failure = None
    is_kept = False
    try:
        with open(f"{spool.folder}/{name}", "wb") as file:
            if spool.folder.startswith("/sd/"):
                # A card that cannot be written fails now, while the photo can still go elsewhere.
                file.flush()
            _write(spool, file, body, buf, name, tail)
        is_kept = True
        spool.photos += 1
        spool.bytes += body.size + len(tail) + 16
    except OSError as e:
        failure = e
    finally:
        if not is_kept:
            spool.discard(name)
    if failure:
        if failure.errno in (28, 13):
            # ENOSPC, or FAT's EACCES for a full directory: there is less room than statvfs said.
            # Make room now, or the next photo would fail too.
            from firmware.spool import thin

            thin.thin(spool)
        raise spool.failed("write", name, failure)


def _write(spool, file, body, buf, name, tail):
    done = crc = 0
    n = 1
    spool.body_started = True
    while n and done <= body.size:
        n = body.readinto(buf)
        part = buf if n == len(buf) else memoryview(buf)[:n]
        crc = crc32(part, crc)
        file.write(part)
        spool.written_bytes += n
        done += n
    if done != body.size or not done:
        raise spool.failed("write", name, f"the photo ended after {done} of {body.size} bytes")
    foot = (done, crc, len(tail))
    file.write(tail)
    crc = crc32(tail, int(name.partition("-")[2]))
    file.write(struct.pack("<IIII", *foot, crc32(struct.pack("<III", *foot), crc)))
