"""Overlays: modules that are loaded for the scope that imports them, and freed afterwards.

Bytecode shares the small heap with everything else, so a module that is needed only for a moment
must not stay. In the source, it is a plain import inside the function that needs the module. The
build (`megacam build`) puts all such modules into one archive next to this file, overlay.bin, and
turns each of these imports into `overlay(OFFSET)`: no name to look up, no folder to search.

    import overlay              # once, before the first overlay: opens the archive
    overlay(8192).advance(app)  # was: from firmware.shot import schedule; schedule.advance(app)

MicroPython keeps the name of every module and file that was ever imported in memory, so all
overlays have the same name.
"""

import builtins
import gc
import io
import os
import sys

import vfs

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_GET_BUFFER_SIZE = const(11)  # MicroPython's py/stream.h
_BLOCK_BYTES = const(255)  # the importer's largest read
_FIRST = const(1 << 13)  # offset of the archive's first byte, so that all offsets are one size
_DEPTH = const(8)  # calls; with half as many, modules stayed three times as often
_IS_FILE = const(0x8000)  # the first of the ten fields of os.stat(); the others are ignored

_open = open
_folder = __file__.rpartition("/")[0]
_file = open(_folder + "/overlay.bin", "rb")
# micropython-lib's hmac is imported for each signature: without this, that searches every folder.
_hmac = "/hmac.mpy" if "hmac.mpy" in os.listdir(_folder) else ""


class _Archive(io.IOBase):
    """The archive for MicroPython's importer: read from the current position, never closed."""

    def readinto(self, buf):
        return _file.readinto(buf)

    def ioctl(self, request, argument):
        return _BLOCK_BYTES if request == _GET_BUFFER_SIZE else 0


_archive = _Archive()


# The functions below make this module a file system (see MicroPython's vfs) with the overlay that
# is being loaded, and hmac, as its files. A class would take 430 bytes.


def mount(*how):
    """Do nothing: vfs.mount() calls this."""


def umount():
    """Do nothing: vfs.umount() calls this."""


def stat(path):
    """Tell the importer that the overlay exists, and hmac, and no other file."""
    if path in ("/_.mpy", _hmac):
        return (_IS_FILE,) * 10
    raise OSError(2)  # ENOENT: first in sys.path, this gets asked for other modules too


def open(path, mode):
    """Return the overlay or hmac as an open file."""
    return _archive if path == "/_.mpy" else _open(_folder + path, mode)


def _wipe(depth):
    # What the collector finds in old stack frames stays in memory, often the module before.
    return depth and 1 + _wipe(depth - 1)


def _collect():
    gc.collect()  # one call deeper than load(), where _wipe() has been


def load(offset):
    """Import the module at `offset` (the build writes the calls) afresh and return it."""
    # Importing into a heap full of garbage fragments it: the next import would not fit.
    _wipe(_DEPTH)
    _collect()
    _file.seek(offset - _FIRST)
    sys.path.insert(0, "/_")
    sys.modules.pop("_", None)  # the overlay that is importing this one
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
# Files can extend most of MicroPython's built-in modules, so each import would search the flash.
for _name in ("binascii", "hashlib", "json", "machine", "os", "select", "socket", "struct"):
    sys.modules[_name] = __import__(_name)
sys.modules["io"] = io
sys.modules["time"] = __import__("time")
