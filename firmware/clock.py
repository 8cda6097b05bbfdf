"""The only module that knows the port's epoch.

Everywhere else, time is UTC in whole seconds since 1970. The modules in timing/ get the time
from the network, and timing/rtc.py sets the chip's clock.
"""

import time

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

#: The port's epoch in seconds since 1970: the port counts from 2000 on the ESP32, 1970 on unix.
EPOCH_S = 946684800 if time.gmtime(0)[0] == 2000 else 0
_BUILT_S = const(1793491200)  # 2026-11-01: no photo is older than this firmware
_END_S = const(4102444800)  # 2100-01-01: a server that gives a later time is wrong

#: A clock that is set daily is never off by more. A larger change is a jump, which the store has
#: to confirm.
JUMP_S = const(60)

#: Parts per million by which this clock is slow (below 0: fast), measured from one NTP answer to
#: the next. Until then, the most that an old ESP32 crystal may be off in the cold.
drift_ppm = 50
#: The error in milliseconds when the clock was set, and the uptime_s() at that moment.
set_error_ms = None
set_at_s = 0
#: When the power cycle began, by this clock. build.py sets it; see supervisor.py.
cycle_s = 0

_up_s = 0
_ticks_ms = time.ticks_ms()


def uptime_s():
    """Return whole seconds since the start; never goes back. Call it at least every six days."""
    # ticks_ms() wraps after 12 days.
    global _up_s, _ticks_ms
    elapsed_s = time.ticks_diff(time.ticks_ms(), _ticks_ms) // 1000
    _up_s += elapsed_s
    _ticks_ms = time.ticks_add(_ticks_ms, elapsed_s * 1000)
    return _up_s


def now():
    """Return UTC in whole seconds since 1970; meaningless until is_set()."""
    return time.time() + EPOCH_S


def is_credible(seconds):
    """Return whether `seconds` can be the current time: no photo is older than this firmware."""
    return _BUILT_S <= seconds < _END_S


def is_set():
    """Return whether the clock has been set since power-on: it starts in the year 2000."""
    return is_credible(now())


def powered_s():
    """Return whole seconds since power-on; resets and settings of the clock do not change it."""
    return now() - cycle_s


def error_ms():
    """Return by how many milliseconds now() may be wrong, or None before the clock was set.

    Add up to one second for the fraction that now() cuts off.
    """
    if set_error_ms is None:
        return None
    # 10 ppm more, because the drift changes with the temperature.
    return set_error_ms + (abs(drift_ppm) + 10) * (uptime_s() - set_at_s) // 1000


def fields(seconds):
    """Return (year, month, day, hour, minute, second) of UTC `seconds` since 1970."""
    return time.gmtime(seconds - EPOCH_S)[:6]
