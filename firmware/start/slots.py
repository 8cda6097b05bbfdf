"""Which of the board's two slots, /a or /b, runs at the next start, and whether it is on trial.

boot.py chooses by these entries of NVS, each of which is written whole or not at all:

`slot`   bit 0: the slot (0 is a); bits 1 to 3: the starts that a slot on trial has left, counting
         this one, 0 if it is not on trial; bits 4 and 5: whether a and b have worked
`until`  time.time() until which a trial does not count wakes from deep sleep
`back`   why the board went back to its other slot last: 1 three starts, 2 an hour without a
         stored photo, 3 it could not be started; 0 if it has not
"""

import time

from esp32 import NVS
from machine import Timer

from firmware import slot

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_NAMESPACE = "megacam"
#: Starts that a trial has, and one: boot.py takes one at each, and goes back at the last.
STARTS = const(4)
_TIMER = const(1)  # boot.py's, which restarts a slot on trial after an hour
_HOUR_S = const(3600)


def _get(name):
    try:
        return NVS(_NAMESPACE).get_i32(name)
    except OSError:
        return 0


def _put(name, value):
    nvs = NVS(_NAMESPACE)
    nvs.set_i32(name, value)
    nvs.commit()


def _running():
    return int(slot == "/b")


def _state():
    # Without an entry, the running slot is confirmed.
    try:
        return NVS(_NAMESPACE).get_i32("slot")
    except OSError:
        return _running()


def read():
    """Return (letter, left, has_worked) of the slot that the next start runs.

    `left` is 0, or the number of starts that the slot on trial has left, counting this one.
    """
    state = _state()
    return "ab"[state & 1], state >> 1 & 7, bool(state >> 4 + (state & 1) & 1)


def why_back():
    """Return the entry `back`, see above."""
    return _get("back")


def switch():
    """Let the next start run the other slot, on trial if the running one has worked."""
    running = _running()
    other = running ^ 1
    worked = _state() & 16 << running
    _put("until", int(time.time()) + _HOUR_S)
    _put("back", 0)
    # The other slot has new files: whether the old ones worked says nothing.
    _put("slot", other | (STARTS << 1 if worked else 0) | worked)


def confirm():
    """Note that the running slot works: it is no longer on trial."""
    running = _running()
    wanted = _state() & 48 | running | 16 << running
    if wanted != _state():
        _put("slot", wanted)
    Timer(_TIMER).deinit()


def go_back(reason):
    """Let the next start run the other slot, confirmed; `reason` is for the entry `back`."""
    _put("slot", _state() & 48 | _running() ^ 1)
    _put("back", reason)
