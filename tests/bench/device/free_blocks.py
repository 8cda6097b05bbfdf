"""On the board of a simulated month: print the state of the heap while its loop sleeps."""

import gc
import time

import micropython

_PERIOD_S = 600
_SLICE_MS = 1000  # a sleep between two photos, with nothing else under way
_sleep_ms = time.sleep_ms
_due_s = 0


def _sleep(ms):
    global _due_s
    _sleep_ms(ms)
    if ms == _SLICE_MS and time.time() >= _due_s:
        _due_s = time.time() + _PERIOD_S
        gc.collect()
        micropython.mem_info()


time.sleep_ms = _sleep
