"""A slot on trial: find out whether it has proved itself, or go back; loaded only meanwhile.

It has proved itself when a photo that it took is stored and a report is put; keep.py keeps it
then. boot.py goes back by itself after three starts without that, whatever this firmware does.
"""

from firmware import clock, slot, wifi
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# counters["trial"], negative for slot b, because files that come by cable leave the counter of the
# slot before: the number of the first photo of the trial, and this afterwards.
_PROVED = const(1 << 29)
# Less than the hour after which boot.py restarts a board on trial.
_TRIAL_S = const(3540)
_LOOK_S = const(20)
_SELDOM_S = const(300)  # a slot that is not on trial has time
# A pause in photos that a schedule may have; no state may last for ever.
_PAUSE_S = const(691200)
_MINUTE_S = const(60)
_LATE = const(2)  # see start/slot_state.py
_NONE_DUE = const(5)


def look(app):
    """Return the seconds until the trial is looked at again; restart if it has failed."""
    counters = app.counters
    first = _sign() * counters.get("trial", 0)
    if first <= 0:
        first = _first(counters)
        counters.pop("trial_since", None)
    if first <= app.uploader.seq:
        first = _PROVED
    counters["trial"] = _sign() * first
    if first == _PROVED:
        app.tasks["status"] = min(app.tasks["status"], clock.uptime_s())
    elif not app.sleeps:
        if not _is_on_trial():
            return _SELDOM_S
        _limit(app)
    return 1 if app.sleeps else _LOOK_S


def _sign():
    return -1 if slot == "/b" else 1


def _is_on_trial():
    from firmware.start import slot_state

    return slot_state.read()[0]


def _limit(app):
    """Give the trial an hour from the first photo that is due, or eight days without one.

    boot.py restarts the board after an hour in any case, and counts three starts.
    """
    now = clock.now()
    due = now - clock.uptime_s()
    why = _LATE
    if clock.is_set():
        from firmware.shot import schedule

        due = schedule.next_shot(due, app.interval_s, app.windows)
        if not due or due > now:  # at night for example
            if clock.uptime_s() < _PAUSE_S:
                from firmware.start import slot_wait

                slot_wait.wait()
                return
            due, why = 0, _NONE_DUE
    # Without a network the release may be good: then only the starts count.
    if now - due < _TRIAL_S or not wifi.is_up():
        return
    log("E update goes back: no photo was stored in time")
    from firmware.start import slot_switch

    slot_switch.go_back(why)
    from firmware.start import restart

    restart.reset(app.counters, "update")


def wait(app, until):
    """Let boot.py count no wake up to a minute after `until`: the next photo, or the next plan.

    Called before deep sleep if this wake had no photo to take, for example at midnight. After
    eight days each wake counts: no state may last for ever.
    """
    counters = app.counters
    # By a time server that lies, `until` might be years away.
    if clock.is_set() and not counters.get("unsure") and _is_on_trial():
        now = clock.now()
        if 0 <= now - counters.setdefault("trial_since", now) < _PAUSE_S:
            from firmware.start import slot_switch

            slot_switch.wait(until + _MINUTE_S)


def _first(counters):
    """Return the number of the next photo, or one that is not used yet."""
    if counters["seq"]:
        return counters["seq"] + 1
    try:
        with open("/sequence") as f:
            return int(f.read())
    except (OSError, ValueError):
        return 1
