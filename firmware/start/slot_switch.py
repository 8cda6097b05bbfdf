"""Switch between the two slots; slot_state.py explains the entries of NVS."""

import time

from esp32 import NVS
from machine import Timer, reset

from firmware import slot
from firmware.start import slot_state

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# Starts that a trial has, and one: boot.py takes one at each, and goes back at the last.
_STARTS = const(4)
_TIMER = const(1)  # boot.py's, which restarts a slot on trial after an hour
_HOUR_S = const(3600)
_RELEASE = const(6)  # bits below the counter of the release


def _state():
    return slot_state.get(NVS("megacam"), "slot", slot == "/b")


def _put(name, value):
    nvs = NVS("megacam")
    nvs.set_i32(name, value)
    nvs.commit()


def switch(release=0):
    """Let the next start run the other slot, on trial if the running one has worked.

    `release` is the counter of the release in it. It is in the same entry as the slot, so no power
    cut can let a release be refused as an old one before it ran, or run twice.
    """
    running = int(slot == "/b")
    state = _state()
    worked = state & 16 << running
    _put("until", int(time.time()) + _HOUR_S)
    _put("back", 0)
    # The other slot has new files: whether the old ones worked says nothing.
    counter = max(release, state >> _RELEASE)
    left = _STARTS << 1 if worked else 0
    _put("slot", counter << _RELEASE | running ^ 1 | left | worked)


def has_other():
    """Return whether the other slot has worked."""
    return bool(_state() & 16 << int(slot != "/b"))


def go_back(reason):
    """Let the next start run the other slot, confirmed; `reason` is for the entry `back`.

    The running slot no longer counts as one that has worked, so nothing goes back to it.
    """
    running = int(slot == "/b")
    _put("slot", _state() & ~(15 | 16 << running) | running ^ 1)
    _put("back", reason)


def wait():
    """Let boot.py's timer begin again: the trial is not over an hour after the start."""
    Timer(_TIMER).init(mode=0, period=_HOUR_S * 1000, callback=lambda _: reset())
