"""What to do when the flash or the memory is too short for an update; loaded only then."""

from firmware import clock
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_FULL_S = const(3600)
_FRESH_S = const(60)


def end(app, error):
    """Return the seconds until the update goes on, None if not before the next report.

    If memory is short, restart for a fresh heap, or give up if it is fresh already. Soon after a
    start it is not fresh either if a trial has ended in it, whose names stay.
    """
    if isinstance(error, OSError):
        log("E update cannot be kept on the flash; remove your own files from it", why=error)
        return _FULL_S
    if clock.uptime_s() > _FRESH_S or app.counters["cause"] != "update":
        log("W update waits", why=error)
        from firmware.start import restart

        restart.reset(app.counters, "update")
    from firmware.update import refuse

    return refuse.refuse("memory is short; turn off features that this camera can do without")
