"""main.py of a board that prints what is in use after each load of a module, and in each pow()."""

import builtins
import gc

import micropython

_load = overlay  # noqa: F821
_pow = pow
_print = print
gc.collect()
_before = gc.mem_alloc()
_own = 0


def _live():
    gc.collect()
    return gc.mem_alloc() - _own


def _overlay(offset):
    module = _load(offset)
    _print("IN USE", offset, _live())
    return module


def _power(*numbers):
    live = _live()
    # From here on, whatever is allocated raises the peak.
    filling = bytearray(micropython.mem_peak() - micropython.mem_current())
    before = micropython.mem_peak()
    result = _pow(*numbers)
    _print("IN USE", 0, live + micropython.mem_peak() - before, filling and "")
    return result


builtins.overlay = _overlay
builtins.pow = _power
_own = _live() - _before

from firmware import app  # noqa: E402

app.main()
