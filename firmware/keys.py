"""Names of photos in the bucket: DEVICE/yyyy/mm/dd/hhmmss-SEQUENCE.jpg, UTC, never used twice."""

import os

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# A reboot skips at most this many numbers, and the flash is written once for as many photos.
_RESERVED = const(64)


def photo_key(device, fields, number):
    """Return the key of photo `number`; `fields`: year, month, day, hour, minute, second."""
    year, month, day, hour, minute, second = fields
    date = f"{year:04}/{month:02}/{day:02}"
    return f"{device}/{date}/{hour:02}{minute:02}{second:02}-{number:06}.jpg"


class Sequence:
    """Numbers that never repeat, also after a reboot or a power cut, kept in the file `path`.

    The file holds a number that no photo has yet; numbers are reserved in it before use.
    """

    def __init__(self, path):
        self._path = path
        self._next = self._reserved = self._read()

    def _read(self):
        try:
            with open(self._path) as f:
                return int(f.read())
        except (OSError, ValueError):
            return 1

    def next(self):
        """Return the next number, from 1; raises OSError if the flash cannot be written."""
        if self._next >= self._reserved:
            self._reserve(self._next + _RESERVED)
        number = self._next
        self._next += 1
        return number

    def _reserve(self, number):
        with open(self._path + ".new", "w") as f:
            f.write(str(number))
        os.rename(self._path + ".new", self._path)
        self._reserved = number
