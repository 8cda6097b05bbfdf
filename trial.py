"""Count the starts of a slot on trial, and go back; boot.py loads this when it is needed.

No update from afar replaces this file. firmware/start/slot_state.py explains the numbers in NVS.
"""

import os
import sys
import time

import machine
from esp32 import NVS

_2026_S = 820454400  # of a clock that counts from 2000: it has been set
_HOUR_MS = 3600000
_WATCHDOG_MS = 180000
_PAUSE_MS = 10000


def begin(state):
    """Count this start and return the new number `slot`; on trial, start watchdog and timer."""
    if "slot" in os.listdir("/"):  # somebody has copied all files by hand, into /a
        state &= ~63
        _put("slot", state)
        os.remove("/slot")
    if state & 14 and _counts(machine.reset_cause()):
        state = state - 2 if state & 12 else state & ~15 | state & 1 ^ 1
        if not state & 14:
            _put("back", 1)  # first: if the power fails now, the next start does the same again
        _put("slot", state)
    if state & 14:  # it may hang, or run without taking photos
        machine.WDT(timeout=_WATCHDOG_MS)
        machine.Timer(1).init(mode=0, period=_HOUR_MS, callback=lambda _: machine.reset())
    return state


def _counts(cause):
    # Not after a soft reset (5), nor, for an hour, after deep sleep (4).
    try:
        return cause != 5 and not (
            cause == 4 and _2026_S < time.time() < NVS("megacam").get_i32("until")
        )
    except OSError:
        return True


def fail(state, error):
    """Restart because of `error`; if the slot was confirmed, try the other one."""
    slot, other = "ab" if not state & 1 else "ba"
    sys.print_exception(error)
    print(f"E boot cannot start /{slot}")
    time.sleep_ms(_PAUSE_MS)  # for Ctrl-C
    if not state & 14 and other in os.listdir("/"):
        _put("slot", state & ~63 | state & 1 ^ 1 | 8)
        _put("back", 3)
    machine.reset()


def _put(name, value):
    try:
        nvs = NVS("megacam")
        nvs.set_i32(name, value)
        nvs.commit()
    except OSError as e:
        print("E boot cannot write NVS:", repr(e))
