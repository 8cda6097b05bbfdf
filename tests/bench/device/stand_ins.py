"""The chip for a program that counts a photo: nothing waits, and nothing depends on real time.

replace() must run before the firmware is imported. Time moves by sleeps only, and a poll that may
wait first gives the other end time to answer, so that two runs take the same instructions.
"""

import builtins
import sys

import os as real_os
import select as real_select
import time as real_time

_NOW_S = 1800000000
_REAL_MS = 300


def wait():
    """Give a server on this machine the time to answer."""
    real_time.sleep_ms(_REAL_MS)


class Time:
    """`time` with a clock that only sleeps move."""

    gmtime = real_time.gmtime
    ticks_diff = real_time.ticks_diff
    ticks_add = real_time.ticks_add

    def __init__(self):
        self._ms = 0

    def ticks_ms(self):
        return self._ms

    def sleep_ms(self, ms):
        self._ms += ms

    def time(self):
        return _NOW_S + self._ms // 1000


class Poll:
    """`select.poll`, patient."""

    def __init__(self):
        self._poll = real_select.poll()
        self.register = self._poll.register
        self.modify = self._poll.modify

    def ipoll(self, wait_ms):
        if wait_ms:
            wait()
        return self._poll.ipoll(wait_ms)


class Select:
    """`select`."""

    POLLIN = real_select.POLLIN
    POLLOUT = real_select.POLLOUT
    poll = Poll


class Os:
    """`os`, with a rename() that works in a folder that is mounted as the root."""

    def __getattr__(self, name):
        return getattr(real_os, name)

    def rename(self, old, new):
        with open(old, "rb") as file:
            content = file.read()
        with open(new, "wb") as file:
            file.write(content)
        real_os.remove(old)


class RTC:
    """`machine.RTC`, whose memory is fast and large."""

    _memory = b""

    def memory(self, data=None):
        if data is None:
            return RTC._memory
        RTC._memory = data
        return None


class Machine:
    """`machine`, after a power-on."""

    RTC = RTC

    def reset(self):
        raise SystemExit("reset")

    def reset_cause(self):
        return 1


class WLAN:
    """A `network.WLAN` with a link."""

    def __init__(self, interface):
        pass

    def active(self):
        return True

    def isconnected(self):
        return True

    def status(self, what):
        return -58


class Network:
    """`network`."""

    STA_IF = 0
    WLAN = WLAN


def replace():
    """Put the stand-ins in place of the modules, and silence the log."""
    modules = {
        "time": Time(),
        "select": Select,
        "os": Os(),
        "machine": Machine(),
        "network": Network,
    }
    for name in modules:
        sys.modules[name] = modules[name]
    _print = print

    def quiet(text):
        if text[0] == "{":
            _print(text)

    builtins.print = quiet
