"""The capture loop of a camera on batteries: wake, shoot, send or keep, sleep.

Every wake is a normal start, so the state that must survive deep sleep is in RTC memory, see
health/counters.py. The chip's real-time clock keeps running. wake.py has the steps around the
photo, sleep.py the end; only this module stays in memory while the photo is taken.
"""

from firmware import clock

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_AHEAD_S = const(60)  # the earliest wake before a photo, for network requests


def run(app):
    """Take the photo that is due, send waiting photos, and sleep; does not return."""
    from firmware.power.wake import restore

    due = restore(app)
    cycle_s = clock.cycle_s
    from firmware.power.wake import do_tasks

    do_tasks(app, due)
    # The board has to wake this long before a photo, plus one second for rounding. Without the
    # time it shoots at once; waking early would make it due again a moment later.
    ahead_s = min(clock.uptime_s() + 1, _AHEAD_S) if clock.is_set() else 0
    from firmware.power.wake import moment

    at = moment(app, due)
    if at is not None:
        app.work_until(at)
        app.take()
    from firmware.power.wake import do_tasks

    do_tasks(app, 0)
    from firmware.power.wake import send

    send(app)
    # If the clock was set in the meantime, the number of missed photos is unknown.
    is_same = abs(clock.cycle_s - cycle_s) < app.interval_s
    from firmware.power import sleep

    sleep.sleep(app, due if is_same else 0, at is not None, ahead_s)
