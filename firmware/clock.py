"""The only module that knows the port's epoch and touches the real-time clock.

Everywhere else time is UTC, as whole seconds since 1970. ntp.py finds out what time it is.
"""

import time

import machine

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_EPOCH_S = 946684800 if time.gmtime(0)[0] == 2000 else 0  # ESP32 counts from 2000, unix from 1970
_BUILT_S = const(1793491200)  # 2026-11-01: no photo is older than this firmware


def now():
    """Return UTC seconds since 1970, a whole number; meaningless until is_set()."""
    return time.time() + _EPOCH_S


def is_credible(seconds):
    """Tell whether `seconds` can be now: no photo is older than this firmware."""
    return seconds >= _BUILT_S


def is_set():
    """Tell whether the clock has been set since power-on: it starts in the year 2000."""
    return is_credible(now())


def fields(seconds):
    """Return (year, month, day, hour, minute, second) of UTC `seconds` since 1970."""
    return time.gmtime(seconds - _EPOCH_S)[:6]


def set_time(seconds, microseconds):
    """Set the clock to UTC `seconds` since 1970; whoever calls answers for them."""
    year, month, day, hour, minute, second, weekday, _ = time.gmtime(seconds - _EPOCH_S)[:8]
    machine.RTC().datetime((year, month, day, weekday, hour, minute, second, microseconds))
