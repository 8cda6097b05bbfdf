"""Call code that is seldom needed, and give its memory back afterwards.

Bytecode lies in the same 56,000 bytes as everything else, so a module that works once an hour
must not stay. Importing searches the flash, which is slow: never while a photo is on its way.

MicroPython keeps the name of every module and file that was ever imported, so here all of them
have the same name: they are imported from a shelf, a file system in which there is always one.
"""

import gc
import os
import sys

import firmware

try:
    import vfs
except ImportError:
    vfs = None  # CPython

_KEPT = "/lib/"
_SHELF = "/shelf"


class _Shelf:
    """A file system (see MicroPython's vfs) where /shelf is another name for the module `path`."""

    path = None

    def mount(self, is_readonly, is_new):
        pass

    def umount(self):
        pass

    def stat(self, name):
        return os.stat(name.replace(_SHELF, self.path))

    def open(self, name, mode):
        return open(name.replace(_SHELF, self.path), mode)


_shelf = _Shelf()


def call(module, function, *args):
    """Return firmware.`module`.`function`(*args); what it loaded, save lib/, is dropped again."""
    before = tuple(sys.modules)  # a set would want 640 bytes in one piece
    try:
        return getattr(_load("/firmware/", module) or _plain(module), function)(*args)
    finally:
        for name in tuple(sys.modules):
            # A built-in module has no file; some are put into sys.modules to be found sooner.
            if name not in before and not _file(name).startswith(_KEPT):
                del sys.modules[name]
                if name.startswith("firmware."):
                    delattr(firmware, name[9:])
        gc.collect()


def _file(name):
    return getattr(sys.modules[name], "__file__", _KEPT)


def library(module):
    """Import a module of lib/ from the shelf; whoever has it holds it. For https.load."""
    return _load("/lib/", module) or __import__(module)


def _plain(module):
    # Not on the flash: built into MicroPython, or on CPython.
    return getattr(__import__("firmware." + module), module)


def _load(folder, module):
    if not _shelf.path and vfs:
        try:
            vfs.umount(_SHELF)  # of a rare.py that was unloaded before this one came
        except OSError:
            pass
        vfs.mount(_shelf, _SHELF)
    _shelf.path = folder + module
    sys.path.insert(0, _SHELF)
    try:
        found = __import__(_SHELF[1:])
        # The shelf itself is a folder, which MicroPython takes for a package.
        return None if hasattr(found, "__path__") else found
    except ImportError:
        return None
    finally:
        sys.path.pop(0)
        sys.modules.pop(_SHELF[1:], None)
