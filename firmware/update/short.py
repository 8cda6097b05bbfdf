"""What to do when memory is too short for an update; loaded only then."""

from firmware import clock
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_FRESH_S = const(60)


def end(app, error):
    """Restart for a fresh heap; if it is fresh already, give up until the next report.

    Soon after a start it is not fresh either if a trial has ended in it, whose names stay.
    """
    if clock.uptime_s() > _FRESH_S or app.counters["cause"] != "update":
        log("W update waits", why=error)
        from firmware.start import restart

        restart.reset(app.counters, "update")
    from firmware.update import refuse

    return refuse.refuse("memory is short; turn off features that this camera can do without")
