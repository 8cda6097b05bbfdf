"""The ESP32's `time`: epoch 2000, whole seconds, ticks that wrap at 2**30, zero at power-on.

With `MEGACAM_FAST` in the environment a sleep takes no real time: the clock jumps instead.
"""

import os
import utime
from utime import ticks_us

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_FAST = os.getenv("MEGACAM_FAST")
_TICKS = const((1 << 30) - 1)
_EPOCH_2000 = const(946684800)  # the ESP32 port counts from 2000-01-01, libc from 1970-01-01

_start_us = ticks_us()
_rtc_us = 0  # microseconds from 2000-01-01 to power-on, by the wall clock


def monotonic_us():
    """Return microseconds since power-on; never wraps. Only the stand-ins call this."""
    return ticks_us() - _start_us


def time():
    return (_rtc_us + monotonic_us()) // 1000000


def time_ns():
    return (_rtc_us + monotonic_us()) * 1000


def gmtime(seconds=None):
    return utime.gmtime((time() if seconds is None else seconds) + _EPOCH_2000)


def ticks_ms():
    return monotonic_us() // 1000 & _TICKS


def ticks_diff(end, start):
    return ((end - start + (1 << 29)) & _TICKS) - (1 << 29)


def sleep_ms(ms):
    global _start_us
    if _FAST:
        _start_us -= ms * 1000
    else:
        utime.sleep_ms(ms)


def __getattr__(name):
    return getattr(utime, name)
