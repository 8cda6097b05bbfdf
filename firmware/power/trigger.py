"""Wake from deep sleep by the GPIO of trigger.py: its photo, and when it may wake the board."""

import esp32
import machine

from firmware import clock
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_HELD_S = const(60)  # check this often whether the level has gone


def has_woken(app):
    """Return whether the GPIO has woken the board, so that a photo is to be taken at once."""
    if machine.wake_reason() != machine.PIN_WAKE:
        return False
    app.early.trigger.fired = True
    return True


def arm(app):
    """Let the GPIO wake the board; return the seconds until the next decision, 0: open.

    It may not outside of the schedule; nor while it has its level, because the board would wake at
    once, and again and again; nor within pause_s of its last photo.
    """
    trigger = app.early.trigger
    now = clock.now()
    ends_s = _schedule_s(app.windows, now)
    if ends_s <= 0:
        log("I trigger unarmed", again_in_s=-ends_s)
        return -ends_s
    left_s = app.counters.get("trigger_at", 0) + trigger.pause_s - now
    if trigger.pin() == trigger.level:
        log("I trigger held", again_in_s=_HELD_S)
        return _HELD_S
    if 0 < left_s <= trigger.pause_s:
        return left_s
    esp32.wake_on_ext0(pin=trigger.pin, level=trigger.level)
    return ends_s


def _schedule_s(windows, now):
    # Until the window of now ends; if there is none, minus the time until the next: 0 is unknown.
    for start, end in windows:
        if now < start:
            return now - start
        if now < end:
            return end - now
    return 0
