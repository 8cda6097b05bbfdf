"""After each `stored` line of the firmware, print which modules and how much heap are in use."""

import builtins
import gc
import json
import sys

import micropython

_print = print
is_last = False  # whether the program exits after the first photo


def _report(text, *more):
    _print(text, *more)
    if isinstance(text, str) and " stored " in text:
        used = gc.mem_alloc()
        gc.collect()
        heap = {"used": used, "live": gc.mem_alloc(), "free": gc.mem_free()}
        micropython.qstr_info()
        _print(json.dumps({"modules": sorted(sys.modules), "heap": heap}))
        if is_last:
            sys.exit()


builtins.print = _report
