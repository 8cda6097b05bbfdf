"""The ESP32's real-time clock and its memory; loaded by chip.py when used."""

import sys

import machine
import time
import utime

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_PIECE_BYTES = const(64)

del sys.modules["rtc"]


class RTC:
    def datetime(self, fields):
        year, month, day, _, hour, minute, second, microsecond = fields
        wanted = int(utime.mktime((year, month, day, hour, minute, second, 0, 0)))
        ahead_s = wanted - int(utime.mktime(time.gmtime()))
        machine.rtc_us += ahead_s * 1000000 + microsecond - time.time_ns() // 1000 % 1000000
        machine.ask("rtc", (machine.rtc_us,))

    def memory(self, data=None):
        if data is None:
            return machine.ask("memory of RTC", ())
        # A single request would take some of the firmware's RAM, which the ESP32 does not.
        for at in range(0, len(data), _PIECE_BYTES):
            machine.ask("piece of RTC", (at, data[at : at + _PIECE_BYTES]))
        machine.ask("memory of RTC", (len(data),))
