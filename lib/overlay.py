"""Overlays: code that is loaded for the scope that imports it, and gone afterwards.

Bytecode lies in the same small heap as everything else, so a module that works for a moment must
not stay. In the source its import is a plain one, inside the function that needs it. The build
(`megacam build`) puts all such modules into one archive beside this file, overlay.bin, and turns
each of these imports into `overlay(OFFSET)`: no name to look up, no folder to search.

    import overlay              # once, before the first of them: opens the archive
    overlay(4096).advance(app)  # what `from firmware import schedule` became, and its use

MicroPython keeps the name of every module and file that was ever imported, so here all of them
have the same.
"""

import builtins
import gc
import io
import sys

import vfs

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_GET_BUFFER_SIZE = const(11)  # MicroPython's py/stream.h
_BLOCK_BYTES = const(255)  # the most that its importer reads at once
_FIRST = const(1 << 13)  # the offset of the archive's first byte, so that all are of one size
_IS_FILE = const(0x8000)  # the first of the ten entries of os.stat(); the others do not matter

_file = open(__file__.rpartition(".")[0] + ".bin", "rb")


class _Archive(io.IOBase):
    """The archive as MicroPython's importer reads it: from where it stands, and it stays open."""

    def readinto(self, buf):
        return _file.readinto(buf)

    def ioctl(self, request, argument):
        return _BLOCK_BYTES if request == _GET_BUFFER_SIZE else 0


_archive = _Archive()


# A file system (see MicroPython's vfs) with one file, the overlay that is being loaded. It is this
# module itself: a class would take 430 bytes.


def mount(*how):
    """Be mounted."""


def umount():
    """Be unmounted."""


def stat(path):
    """Tell the importer that the overlay is there, and nothing else."""
    if path == "/_.mpy":
        return (_IS_FILE,) * 10
    raise OSError(2)  # ENOENT: as the first in sys.path it is asked for every other module


def open(path, mode):
    """Return the overlay's bytes as a file."""
    return _archive


def load(offset):
    """Return the module at `offset`, as the build has put it here, made anew."""
    # An import into a heap full of garbage leaves it in pieces too small for the next one.
    gc.collect()
    _file.seek(offset - _FIRST)
    sys.path.insert(0, "/_")
    sys.modules.pop("_", None)  # whose imports these are
    try:
        return __import__("_")
    finally:
        sys.path.pop(0)
        sys.modules.pop("_", None)


try:
    vfs.umount("/_")  # of an import before this one
except OSError:
    pass
vfs.mount(sys.modules[__name__], "/_")
builtins.overlay = load
# Most of MicroPython's own modules may be extended by files: each import would search the flash.
for _name in ("binascii", "hashlib", "json", "machine", "os", "socket", "struct", "time"):
    sys.modules[_name] = __import__(_name)
