"""The numbers of photos, which never repeat."""

import os

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# A reboot skips at most this many numbers, and the flash is written once for as many photos.
_RESERVED = const(64)


class Sequence:
    """Numbers that never repeat, also after a reboot or a power cut, kept in the file `path`.

    The file holds a number that no photo has yet; numbers are reserved in it before use. `used`
    is the last number in use, if somebody remembers it, or 0.
    """

    def __init__(self, path, used=0):
        self._path = path
        self._next = self._reserved = self._read()
        if 0 < self._reserved - used <= _RESERVED:
            self._next = used + 1

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


def advance(counters, path="/sequence"):
    """Return the number of the next photo, which the counters remembers."""
    try:
        counters["seq"] = Sequence(path, counters["seq"]).next()
    except OSError as e:
        from firmware.log import log  # seldom needed

        # Flash that cannot be written is no reason to lose a photo that can be sent.
        log("W sequence not kept", why=e)
        counters["seq"] += 1
    return counters["seq"]
