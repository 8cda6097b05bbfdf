"""After each `stored` line of the firmware, print what is in use; twice more until it sleeps.

The first report has the modules, the heap, and the reads of the flash since the reset. The others
have the heap only: "settling" when the counters are to be saved, so that the photo is not needed
any more, and "asleep", by when the modules of the upload are gone, too.
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
_overlay = None  # the firmware's loader, once there is one
is_last = False  # whether the program exits after the first photo
_is_stored = False  # whether the next load is the first after a photo
_is_due = False  # whether the next sleep is
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


def _load(offset):
    global _is_stored
    if _is_stored:
        _is_stored = False
        _print(json.dumps({"settling": _heap()}))
    return _overlay(offset)


def _report(text, *more):
    global _is_due, _is_stored, _overlay
    _print(text, *more)
    if isinstance(text, str) and " stored " in text:
        told = {"modules": sorted(sys.modules), "heap": _heap(), "reads": machine.flash_reads}
        micropython.qstr_info()
        _print(json.dumps(told))
        if is_last:
            sys.exit()
        _is_due = _is_stored = True
        if not _overlay:
            _overlay = sys.modules["overlay"].load
            builtins.overlay = _load


def _sleep(ms):
    global _is_due
    if _is_due:
        _is_due = False
        _print(json.dumps({"asleep": _heap()}))
    _sleep_ms(ms)
