"""The only module that knows the port's epoch and touches the real-time clock.

Everywhere else time is UTC, as whole seconds since 1970. What time it is, timing/ finds out.
"""

import time

import machine

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

#: What the port counts seconds from: 2000 on the ESP32, 1970 on unix.
EPOCH_S = 946684800 if time.gmtime(0)[0] == 2000 else 0
_BUILT_S = const(1793491200)  # 2026-11-01: no photo is older than this firmware
_END_S = const(4102444800)  # 2100-01-01: whoever says so is wrong

#: No clock that is set daily is off by more seconds: a jump, which the store has to confirm.
JUMP_S = const(60)

#: Parts per million that this clock is slow (or, below 0, fast), measured from one NTP answer to
#: the next. Until then what an ESP32's crystal may be off, aged and in the cold.
drift_ppm = 50
#: The error in milliseconds when the clock was set, and the uptime_s() at that moment.
set_error_ms = None
set_at_s = 0
#: When the power cycle began, by this clock: see supervisor.py. build.py sets it.
cycle_s = 0

_up_s = 0
_ticks_ms = time.ticks_ms()


def uptime_s():
    """Return whole seconds since the start; never goes back. Ask at least once in six days."""
    # ticks_ms() wraps after 12 days.
    global _up_s, _ticks_ms
    elapsed_s = time.ticks_diff(time.ticks_ms(), _ticks_ms) // 1000
    _up_s += elapsed_s
    _ticks_ms = time.ticks_add(_ticks_ms, elapsed_s * 1000)
    return _up_s


def now():
    """Return UTC seconds since 1970, a whole number; meaningless until is_set()."""
    return time.time() + EPOCH_S


def is_credible(seconds):
    """Tell whether `seconds` can be now: no photo is older than this firmware."""
    return _BUILT_S <= seconds < _END_S


def is_set():
    """Tell whether the clock has been set since power-on: it starts in the year 2000."""
    return is_credible(now())


def powered_s():
    """Return whole seconds since the power cycle began, over resets, however the clock was set."""
    return now() - cycle_s


def error_ms():
    """Return how many milliseconds now() may be wrong by, or None before it was set.

    A whole second comes on top, because now() leaves out the fraction.
    """
    if set_error_ms is None:
        return None
    # 10 ppm more: the drift follows the temperature.
    return set_error_ms + (abs(drift_ppm) + 10) * (uptime_s() - set_at_s) // 1000


def fields(seconds):
    """Return (year, month, day, hour, minute, second) of UTC `seconds` since 1970."""
    return time.gmtime(seconds - EPOCH_S)[:6]


def set_time(seconds, microseconds):
    """Set the clock to UTC `seconds` since 1970; whoever calls answers for them."""
    global cycle_s
    jump_s = seconds - now()
    # What is less than a jump sets right how this clock went, not when the power cycle began.
    if abs(jump_s) > JUMP_S:
        cycle_s += jump_s
    year, month, day, hour, minute, second, weekday, _ = time.gmtime(seconds - EPOCH_S)[:8]
    machine.RTC().datetime((year, month, day, weekday, hour, minute, second, microseconds))
