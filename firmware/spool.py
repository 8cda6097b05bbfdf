"""Photos that cannot be sent now wait here, one file each, on flash or an SD card.

A file is the photo, its metadata as JSON, and 16 bytes: size and CRC-32 of the photo, length of
the metadata, and the CRC-32 of all that follows the photo, which starts from the photo's number.
A file 9ERA=SECONDS tells when an era began whose photos did not know the time. A power cut leaves
the last file empty, or FAT, which SD cards have, with a short name such as 179349~1. No photo is
ever renamed there: a cut would leave both names, and removing the second takes another photo's
blocks along.
To be called through rare.py: spool_photo, spool_thin, spool_aside and spool_date.
"""

import json
import os
import struct
from binascii import crc32

from firmware import rare
from firmware.errors import SpoolError

# What photos leave free for the directory, the settings and the sequence: 8 flash blocks.
_SPARE_BYTES = 32768
# Far more eras than wait for their date.
_EMPTY_FILES = 999


def photo_name(seq, seconds, era=None):
    """Return the name for photo number `seq` taken at UTC `seconds` since 1970.

    While the time is unknown, `seconds` count from when the `era` began, see supervisor.py:
    such a photo waits until spool_date.py knows when that was.
    """
    if era is None:
        return f"{seconds:010}-{seq:06}"
    return f"9{era % 100000:05}{max(seconds, 0):08}-{seq:06}"


class Spool:
    """The photos that wait in `folder`, of at most `limit_bytes` together.

    `photos` and `bytes` say what waits, `thinned` and `damaged` how many photos were given up
    since the start, `written_bytes` what went to flash. Every method raises SpoolError.
    """

    def __init__(self, folder, limit_bytes):
        self.folder = folder
        self.limit_bytes = limit_bytes
        self.thinned = self.damaged = self.written_bytes = 0
        # {number of an era: UTC when it began, below 0 where that is the latest possible}: whole
        # numbers, because there may be as many as photos.
        self.eras = {}
        try:
            os.mkdir(folder)
        except OSError:
            pass  # it is there, or the listing says what is wrong
        left_over = []  # not removed while the folder is being listed
        for _ in self.names(left_over):
            pass
        for name in left_over:
            self._discard(name)

    def failed(self, action, name, why):
        """Return the SpoolError for a failed `action`."""
        return SpoolError(f"spool: cannot {action} {self.folder}/{name}: {why}")

    def _is_left_over(self, name, size):
        era, _, seconds = name.partition("=")
        if seconds and (era[1:] + seconds.rstrip("~")).isdigit():
            sign = -1 if seconds.endswith("~") else 1
            self.eras[int(era[1:])] = sign * int(seconds.rstrip("~"))
            return False
        if "~" in name or size or not name[:10].isdigit():
            return "~" in name
        # Asked again, because a listing of flash that cannot be read has names and sizes of air.
        try:
            return not os.stat(f"{self.folder}/{name}")[6]
        except OSError:
            return False

    def _discard(self, name):
        try:
            os.remove(f"{self.folder}/{name}")
        except OSError:
            pass  # never made; or the next start tries again

    def _entries(self):
        empty = 0
        try:
            for entry in os.ilistdir(self.folder):
                # Where flash cannot be read, MicroPython lists an empty file, for ever.
                size = entry[-1]
                empty += not size
                if empty > _EMPTY_FILES:
                    raise OSError(5)  # EIO
                yield entry[0], size
        except OSError as e:
            raise self.failed("list", "", e)

    def names(self, left_over=None):
        """Yield the names in any order, and count all that waits on the way.

        What a power cut left goes into the list `left_over`, if there is one.
        """
        photos = total = 0
        for name, size in self._entries():
            head, _, seq = name.partition("-")
            # Whatever else lies in the folder is left alone.
            if size and len(head) in (10, 14) and seq and (head + seq).isdigit():
                photos += 1
                total += size
                yield name
            elif left_over is not None and self._is_left_over(name, size):
                left_over.append(name)
        self.photos = photos
        self.bytes = total

    def taken(self, name):
        """Return when a photo was taken, UTC seconds since 1970, or 0 while that is unknown."""
        if name < "9":
            return int(name[:10])
        began = self.eras.get(int(name[1:6]))
        return abs(began) + int(name[6:14]) if began else 0

    def _dated(self, but):
        for name in self.names():
            taken = self.taken(name)
            if taken and name not in but:
                yield taken, name

    def newest(self, but=()):
        """Return the name of the newest photo whose date is known, none of `but`, or None."""
        return max(self._dated(but), default=(0, None))[1]

    def oldest(self, but=()):
        """Return the name of the oldest photo whose date is known, none of `but`, or None."""
        return min(self._dated(but), default=(0, None))[1]

    def lacks(self, need_bytes):
        """Tell whether there is no room for a file of `need_bytes`; note the `free_bytes`."""
        try:
            status = os.statvfs(self.folder)
        except OSError as e:
            raise self.failed("measure", "", e)
        self.free_bytes = status[1] * status[3] - _SPARE_BYTES
        return self.bytes + need_bytes > self.limit_bytes or need_bytes > self.free_bytes

    def put(self, body, buf, name, meta):
        """Keep `body` as `name`, made by photo_name(), with `meta` for JSON; thin to make room.

        A photo for which this returns outlives a power cut. What `body` raises goes up, and then
        nothing is kept. `buf` is the caller's bytearray, through which the photo streams.
        """
        tail = json.dumps(meta).encode()
        need_bytes = body.size + len(tail) + 16
        if self.lacks(need_bytes):
            rare.call("spool_thin", "make_room", self, need_bytes)
        failure = None
        is_kept = False
        try:
            with open(f"{self.folder}/{name}", "wb") as file:
                self._write(file, body, buf, name, tail)
            is_kept = True
            self.photos += 1
            self.bytes += need_bytes
        except OSError as e:
            failure = e
        finally:
            if not is_kept:
                self._discard(name)
        if failure:
            if failure.errno in (28, 13):
                # ENOSPC and FAT's EACCES for a full directory: there is less room than statvfs
                # said, and the next photo would fare no better.
                rare.call("spool_thin", "thin", self)
            raise self.failed("write", name, failure)

    def _write(self, file, body, buf, name, tail):
        done = crc = 0
        n = 1
        while n and done <= body.size:
            n = body.readinto(buf)
            part = buf if n == len(buf) else memoryview(buf)[:n]
            crc = crc32(part, crc)
            file.write(part)
            self.written_bytes += n
            done += n
        if done != body.size or not done:
            raise self.failed("write", name, f"it ended after {done} of {body.size} bytes")
        tail += struct.pack("<III", done, crc, len(tail))
        file.write(tail)
        file.write(struct.pack("<I", crc32(tail, int(name.partition("-")[2]))))

    def remove(self, name):
        """Forget a photo that is stored elsewhere or given up."""
        path = f"{self.folder}/{name}"
        try:
            size = os.stat(path)[6]
            os.remove(path)
        except OSError as e:
            raise self.failed("remove", name, e)
        self.photos -= 1
        self.bytes -= size
