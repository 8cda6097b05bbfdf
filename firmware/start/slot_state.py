"""Which of the board's two slots, /a or /b, runs at the next start, and whether it is on trial.

boot.py chooses by these entries of NVS, each of which is written whole or not at all:

`slot`   bit 0: the slot (0 is a); bits 1 to 3: the starts that a slot on trial has left, counting
         this one, 0 if it is not on trial; bits 4 and 5: whether a and b have worked; from bit 6
         on the highest counter of a release that this board has switched to
`until`  time.time() until which a trial does not count wakes from deep sleep
`again`  `until` of the last trial in which a start that only checked settings did not count
`back`   why the board went back to its other slot last: 1 three starts, 2 an hour without a
         stored photo, 3 it could not be started, 4 too many restarts, 5 no photo was due in eight
         days; 0 if it has not

slot_switch.py writes them.
"""

from esp32 import NVS

from firmware import slot

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_RELEASE = const(6)  # bits below the counter of the release


def read():
    """Return (left, has_worked, release, back) of the slot that the next start runs.

    `left` is 0, or the number of starts that the slot on trial has left, counting this one.
    `release` is the highest counter of a release that this board has switched to, 0 for none;
    `back` is the entry.
    """
    nvs = NVS("megacam")
    # Without an entry, the running slot is confirmed.
    state = get(nvs, "slot", slot == "/b")
    has_worked = state >> 4 + (state & 1) & 1
    return state >> 1 & 7, has_worked, state >> _RELEASE, get(nvs, "back", 0)


def get(nvs, name, otherwise):
    """Return the number `name` of the namespace `nvs`, or `otherwise`."""
    try:
        return nvs.get_i32(name)
    except OSError:
        return int(otherwise)
