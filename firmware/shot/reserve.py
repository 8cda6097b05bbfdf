"""Reserve sequence numbers on the flash; loaded once per 64 photos and after a power cut."""

import os

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# The flash is written once per this many photos, and a reboot skips at most as many numbers.
_RESERVED = const(64)


class Sequence:
    """Numbers that never repeat, also after a reboot or a power cut, kept in the file `path`.

    Numbers are reserved in the file before use: it holds `reserved`, a number that no photo has
    yet. `used` is the last number in use if known, or 0.
    """

    def __init__(self, path, used=0):
        self._path = path
        self._next = self.reserved = self._read()
        if 0 < self.reserved - used <= _RESERVED:
            self._next = used + 1

    def _read(self):
        try:
            with open(self._path) as f:
                return int(f.read())
        except (OSError, ValueError):
            return 1

    def next(self):
        """Return the next number, from 1; raises OSError if the flash cannot be written."""
        if self._next >= self.reserved:
            self._reserve(self._next + _RESERVED)
        number = self._next
        self._next += 1
        return number

    def _reserve(self, number):
        with open(self._path + ".new", "w") as f:
            f.write(str(number))
        os.rename(self._path + ".new", self._path)
        self.reserved = number
