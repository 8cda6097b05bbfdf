"""The ESP32's real-time clock, and the memory that it keeps; loaded by chip.py when used."""

import sys

import machine
import time
import utime

del sys.modules["rtc"]


class RTC:
    def datetime(self, fields):
        year, month, day, _, hour, minute, second, microsecond = fields
        wanted = int(utime.mktime((year, month, day, hour, minute, second, 0, 0)))
        ahead_s = wanted - int(utime.mktime(time.gmtime()))
        machine.rtc_us += ahead_s * 1000000 + microsecond - time.time_ns() // 1000 % 1000000
        machine.ask("rtc", (machine.rtc_us,))

    def memory(self, data=None):
        return machine.ask("memory of RTC", () if data is None else (data,))
