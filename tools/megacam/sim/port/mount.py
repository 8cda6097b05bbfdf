"""Put the flash image in the place of the host's file system, and join camera and simulator.

After it, `/` is littlefs and the host is gone but for `/.sim`, these stand-ins.
"""

import os
import sys

import vfs

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_BLOCK = const(4096)


class Flash:
    """The flash chip: a file of 4096-byte blocks (extended block protocol)."""

    def __init__(self, path):
        self._file = open(path, "r+b")

    def readblocks(self, block, buf, offset=0):
        self._file.seek(block * _BLOCK + offset)
        self._file.readinto(buf)

    def writeblocks(self, block, buf, offset=0):
        if _writes_left:
            self._count()
        self._file.seek(block * _BLOCK + offset)
        self._file.write(buf)

    def _count(self):
        # The power goes in front of the last write: the simulator never answers this question.
        global _writes_left
        _writes_left -= 1
        if not _writes_left:
            world.ask("cut_power")

    def ioctl(self, op, arg):
        if op == 4:
            return self._file.seek(0, 2) // _BLOCK
        if op == 3:
            self._file.flush()
        return _BLOCK if op == 5 else 0


_writes_left = int(os.getenv("MEGACAM_WRITES_LEFT") or 0)
_card = os.getenv("MEGACAM_CARD")
_card = _card and open(_card, "r+b")
_flash = vfs.VfsLfs2(Flash(os.getenv("MEGACAM_FLASH")))
_port = vfs.VfsPosix(os.getenv("MEGACAM_PORT"))
vfs.umount("/")
vfs.mount(_flash, "/")
vfs.mount(_port, "/.sim")
os.chdir("/")
sys.path[:] = ["", ".frozen", "/lib", "/.sim"]

import machine
import world

world._pipe = open(int(os.getenv("MEGACAM_WORLD_FD")), "r+b")
machine._camera = open(int(os.getenv("MEGACAM_CAMERA_FD")), "r+b")
machine._card = _card
machine._cs = world.ask("cs")
