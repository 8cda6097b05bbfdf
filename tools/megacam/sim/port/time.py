"""The ESP32's `time`: epoch 2000, whole seconds, ticks that wrap at 2**30, zero at power-on.

With `MEGACAM_FAST` in the environment a sleep takes no real time: the clock jumps instead.
"""

import os
import utime

_FAST = os.getenv("MEGACAM_FAST") is not None
_TICKS = (1 << 30) - 1
_EPOCH_2000 = 946684800  # the ESP32 port counts from 2000-01-01, libc from 1970-01-01

_start_us = utime.ticks_us()
_jumped_us = 0  # sum of the sleeps that took no time
_rtc_base_s = 0  # wall clock, seconds since 2000, at _start_us


def monotonic_us():
    """Return microseconds since power-on; never wraps. Only the stand-ins call this."""
    return utime.ticks_us() - _start_us + _jumped_us


def set_rtc(seconds_since_2000):
    """Set the wall clock, as machine.RTC().datetime() does."""
    global _rtc_base_s
    _rtc_base_s = seconds_since_2000 - monotonic_us() // 1000000


def time():
    return _rtc_base_s + monotonic_us() // 1000000


def time_ns():
    return _rtc_base_s * 1000000000 + monotonic_us() * 1000


def gmtime(seconds=None):
    return utime.gmtime((time() if seconds is None else seconds) + _EPOCH_2000)


localtime = gmtime


def mktime(fields):
    return int(utime.mktime(fields)) - _EPOCH_2000


def ticks_ms():
    return monotonic_us() // 1000 & _TICKS


def ticks_us():
    return monotonic_us() & _TICKS


ticks_cpu = ticks_us


def ticks_add(ticks, delta):
    return (ticks + delta) & _TICKS


def ticks_diff(end, start):
    return ((end - start + (1 << 29)) & _TICKS) - (1 << 29)


def sleep_us(us):
    global _jumped_us
    if _FAST:
        _jumped_us += us
    else:
        utime.sleep_us(us)


def sleep_ms(ms):
    sleep_us(ms * 1000)


def sleep(seconds):
    sleep_us(int(seconds * 1000000))
