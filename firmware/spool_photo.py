"""A photo on its way out of the spool, checked as it is read; to be called through rare.py."""

import json
import struct
from binascii import crc32


def open_photo(spool, name):
    """Return the Photo `name` of `spool`, to be closed; raises SpoolError if it is damaged."""
    try:
        file = open(f"{spool.folder}/{name}", "rb")
    except OSError as e:
        raise spool.failed("open", name, e)
    try:
        return Photo(spool, file, name)
    except (OSError, ValueError) as e:
        file.close()
        raise spool.failed("read", name, e)


class Photo:
    """A waiting photo as a body: `taken` (UTC seconds since 1970), `seq` and `meta` as put.

    `is_exact` is False where `taken` is only the latest that it can have been.
    """

    def __init__(self, spool, file, name):
        self._spool = spool
        self._file = file
        self._name = name
        self.close = file.close
        self.taken = spool.taken(name)
        self.is_exact = "~" not in spool.starts.get(name[:6], "")
        self.seq = int(name.partition("-")[2])
        self._crc = 0
        self.meta = json.loads(self._tail())
        file.seek(0)

    def _tail(self):
        file = self._file
        end = file.seek(0, 2)
        file.seek(max(end - 16, 0))
        foot = file.read(16)
        if len(foot) == 16:
            self.size, self._sum, length, check = struct.unpack("<IIII", foot)
            self._left = self.size
            if self.size + length + 16 == end:
                file.seek(self.size)
                tail = file.read(length)
                if crc32(foot[:12], crc32(tail, self.seq)) == check:
                    return tail
        raise ValueError("it is damaged")

    def readinto(self, buf):
        """Fill `buf` and return the count; SpoolError instead of a damaged photo's last bytes."""
        if self._left < len(buf):
            buf = memoryview(buf)[: self._left]
        try:
            n = self._file.readinto(buf)
        except OSError as e:
            raise self._spool.failed("read", self._name, e)
        self._crc = crc32(buf, self._crc)
        self._left -= n
        if n < len(buf) or (not self._left and self._crc != self._sum):
            raise self._spool.failed("read", self._name, "it is damaged")
        return n
