"""A waiting photo while it is sent: the part of spool/photo.py that has to stay in memory."""

from binascii import crc32


class Photo:
    """A waiting photo as a body, with `taken` (UTC seconds since 1970), `seq` and `meta` (bytes).

    `is_exact` is False if `taken` is not certain, see spool/date.py. `times` replaces the bytes 20
    to 83 when they are read: those of an EXIF block without a date, see spool/exif.py.
    """

    times = None

    def __init__(self, file, path, size, check):
        self.size = size
        self.close = file.close
        self._file = file
        self._path = path
        self._check = check
        self.seek(0)

    def seek(self, offset):
        """Go back to the first byte; `offset` must be 0."""
        self._left = self.size
        self._crc = 0
        self._file.seek(0)

    def readinto(self, buf):
        """Fill `buf` and return the count; raise SpoolError before the end of a damaged photo."""
        if self._left < len(buf):
            buf = memoryview(buf)[: self._left]
        try:
            n = self._file.readinto(buf)
        except OSError as e:
            raise self._failed(e)
        self._crc = crc32(buf, self._crc)
        if self.times and self._left == self.size:
            buf[20:84] = self.times
        self._left -= n
        if n < len(buf) or (not self._left and self._crc != self._check):
            raise self._failed("the photo is damaged")
        return n

    def _failed(self, why):
        from firmware.spool import words

        return words.failed("read", self._path, why)
