"""Call code that is seldom needed, and give its memory back afterwards.

Bytecode lies in the same 56,000 bytes as everything else, so a module that works once an hour
must not stay. Importing searches the flash, which is slow: never while a photo is on its way.
"""

import gc
import sys

import firmware

_KEPT = "/lib/"


def call(module, function, *args):
    """Return firmware.`module`.`function`(*args); what it loaded, save lib/, is dropped again."""
    before = set(sys.modules)
    try:
        loaded = getattr(__import__("firmware." + module), module)
        return getattr(loaded, function)(*args)
    finally:
        loaded = None
        for name in set(sys.modules) - before:
            # A built-in module has no file; some are put into sys.modules to be found sooner.
            if not getattr(sys.modules[name], "__file__", _KEPT).startswith(_KEPT):
                del sys.modules[name]
                if name.startswith("firmware."):
                    delattr(firmware, name[9:])
        gc.collect()
