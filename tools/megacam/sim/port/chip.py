"""The flash chip of the simulated board; apart from mount.py, which does not stay in memory."""

import world

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_BLOCK = const(4096)


class Flash:
    """The flash chip: a file of 4096-byte blocks (extended block protocol).

    The power goes in front of the last of `writes_left` writes, if that is not 0.
    """

    def __init__(self, path, writes_left):
        self._file = open(path, "r+b")
        self._writes_left = writes_left

    def readblocks(self, block, buf, offset=0):
        self._file.seek(block * _BLOCK + offset)
        self._file.readinto(buf)

    def writeblocks(self, block, buf, offset=0):
        if self._writes_left:
            self._writes_left -= 1
            if not self._writes_left:
                world.ask("cut_power")  # the simulator never answers this question
        self._file.seek(block * _BLOCK + offset)
        self._file.write(buf)

    def ioctl(self, op, arg):
        if op == 4:
            return self._file.seek(0, 2) // _BLOCK
        if op == 3:
            self._file.flush()
        return _BLOCK if op == 5 else 0
