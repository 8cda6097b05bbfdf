"""Set the chip's real-time clock."""

import time

import machine

from firmware import clock


def set_time(seconds, microseconds):
    """Set the clock to UTC `seconds` since 1970; the caller has checked them."""
    jump_s = seconds - clock.now()
    # A smaller change corrects the clock's drift; the power cycle began when it did.
    if abs(jump_s) > clock.JUMP_S:
        clock.cycle_s += jump_s
    fields = time.gmtime(seconds - clock.EPOCH_S)
    year, month, day, hour, minute, second, weekday = fields[:7]
    machine.RTC().datetime((year, month, day, weekday, hour, minute, second, microseconds))
