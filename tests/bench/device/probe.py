"""After each `stored` line of the firmware, print what is in use; once more when the loop sleeps.

The first report has the modules, the heap, and the reads of the flash since the reset. The second
has the heap only, as "asleep": by then the frames and modules of the upload are gone.
"""

import builtins
import gc
import json
import sys
import time

import machine
import micropython

_print = print
_sleep_ms = time.sleep_ms
is_last = False  # whether the program exits after the first photo
_is_due = False  # whether the next sleep is the first after a photo
_own = 0


def begin(before):
    """Start to report; `before` is the heap in use before this module was imported."""
    global _own
    builtins.print = _report
    time.sleep_ms = _sleep
    gc.collect()
    _own = gc.mem_alloc() - before


def _heap():
    gc.collect()
    return {"live": gc.mem_alloc() - _own, "free": gc.mem_free() + _own}


def _report(text, *more):
    global _is_due
    _print(text, *more)
    if isinstance(text, str) and " stored " in text:
        told = {"modules": sorted(sys.modules), "heap": _heap(), "reads": machine.flash_reads}
        micropython.qstr_info()
        _print(json.dumps(told))
        if is_last:
            sys.exit()
        _is_due = True


def _sleep(ms):
    global _is_due
    if _is_due:
        _is_due = False
        _print(json.dumps({"asleep": _heap()}))
    _sleep_ms(ms)
