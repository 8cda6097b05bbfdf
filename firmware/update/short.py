"""What to do when the flash or the memory is too short for an update; loaded only then."""

import os

from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_FULL_S = const(3600)


def end(app, error):
    """Return the seconds until the update goes on, None if not before the next report.

    If memory is short, restart for a fresh heap. If it is short again, although no entry of the
    release has been finished since, give the release up: only another one is fetched.
    """
    if isinstance(error, OSError):
        log("E update cannot be kept on the flash; remove your own files from it", why=error)
        return _FULL_S
    try:
        done = os.stat("/update/done.txt")[6]
    except OSError:
        done = 0
    counters = app.counters
    # Not by the uptime: photos that wait may have delayed this for longer than any limit.
    if counters.get("short", -1) < done:
        counters["short"] = done
        log("W update waits", why=error)
        from firmware.start import restart

        restart.reset(counters, "update")
    from firmware.update import refuse

    return refuse.refuse(
        "memory is short; turn off features that this camera can do without, and push again", True
    )
