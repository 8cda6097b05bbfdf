"""Import overlays by name, for the prompt, where you do not know their offsets in the archive.

    overlay_names.install()
    from firmware.settings import config  # it stays in memory, like every import by name

The archive's table of contents is overlay.txt next to it, one line `/folder/module offset` each.
"""

import gc
import os
import sys

try:
    import vfs
except ImportError:
    vfs = None  # CPython

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_FIRST = const(1 << 13)  # see overlay.py
_FOLDER = "/names"
_ARCHIVE = "/lib/overlay."


class _Folder:
    """A file system (see MicroPython's vfs) with all files of the board and every overlay.

    The overlays of the archive `base` + "bin" are below the folder `top`.
    """

    def __init__(self, top, base):
        self._top = top
        self._base = base
        self._at = -1

    def mount(self, is_readonly, is_new):
        pass

    def umount(self):
        pass

    def stat(self, path):
        name, _, end = path.rpartition(".")
        self._at = self._offset(name) if end == "mpy" else -1
        if self._at >= 0:
            return os.stat(self._base + "txt")
        try:
            return os.stat(path)
        except OSError:
            if self._offset(path + "/") < 0:
                raise
            return os.stat("/")  # a folder that exists in the archive only

    def open(self, path, mode):
        if self._at < 0 or not path.endswith(".mpy"):
            return open(path, mode)
        gc.collect()  # as overlay.load() does, and for the same reason
        file = open(self._base + "bin", mode)
        file.seek(self._at - _FIRST)
        return file

    def ilistdir(self, path):
        return os.ilistdir(path)

    def _offset(self, path):
        """Return the offset of the module `path`, or of the first in a folder "/.../"; or -1."""
        path = path[len(self._top) :] if path.startswith(self._top) else "."
        # Most lookups are for MicroPython's built-in modules: do not read the table for those.
        if "." in path or path.count("/") == 1:
            return -1
        with open(self._base + "txt") as table:
            for line in table:
                module, _, offset = line.partition(" ")
                if module == path or (path[-1:] == "/" and module.startswith(path)):
                    return int(offset)
        return -1


def install():
    """Let overlays be imported by name; do nothing if they are files."""
    if "overlay" in sys.modules:
        remove()
        base = sys.modules["overlay"].__file__.rpartition(".")[0] + "."
        if base.startswith(_FOLDER):  # it was imported by name itself
            base = base[len(_FOLDER) :]
        top = base[: -len(_ARCHIVE)]
        vfs.mount(_Folder(top, base), _FOLDER)
        _move_packages("", _FOLDER)
        sys.path[:0] = (_FOLDER + top, _FOLDER + top + "/lib")


def remove():
    """Undo install(), to free its memory."""
    if "overlay" in sys.modules:
        sys.path[:] = [folder for folder in sys.path if not folder.startswith(_FOLDER)]
        _move_packages(_FOLDER, "")
        try:
            vfs.umount(_FOLDER)
        except OSError:
            pass  # it was not installed


def _move_packages(old, new):
    # A package that is in memory has the path of its modules.
    for module in sys.modules.values():
        place = getattr(module, "__path__", "")
        if place and place.startswith(old):
            module.__path__ = new + "/" + place[len(old) :].lstrip("/")
