"""Switch between the two slots; slot_state.py explains the entries of NVS."""

import time

from esp32 import NVS

from firmware import slot
from firmware.clock import EPOCH_S
from firmware.start import slot_state

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# Starts that a trial has, and one: boot.py takes one at each, and goes back at the last.
_STARTS = const(4)
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


def wait(until):
    """Let boot.py count no wake from deep sleep before `until`, UTC seconds since 1970."""
    until -= EPOCH_S
    if until > slot_state.get(NVS("megacam"), "until", 0):
        _put("until", until)


def repeat():
    """Let this start not count if the running slot is on trial, once in each; raises OSError.

    A release whose own check of its settings never ends well would start for ever otherwise.
    """
    state = _state()
    nvs = NVS("megacam")
    until = slot_state.get(nvs, "until", 0)
    if state & 14 and slot_state.get(nvs, "again", -1) != until:
        _put("again", until)  # first, or a power cut here would give another start
        _put("slot", state + 2)


def has_other():
    """Return whether the running slot is not on trial and the other one has worked."""
    state = _state()
    return not state & 14 and bool(state & 16 << int(slot != "/b"))


def go_back(reason):
    """Let the next start run the other slot; `reason` is for the entry `back`.

    At the end of a trial it is confirmed. Else it is on trial itself, because it has worked once,
    but perhaps with a store or a network that is no longer there.
    """
    running = int(slot == "/b")
    state = _state()
    left = 0 if state & 14 else _STARTS << 1
    _put("until", int(time.time()) + _HOUR_S)
    _put("back", reason)  # first, or a power cut here would leave no reason
    _put("slot", state & ~15 | running ^ 1 | left)
