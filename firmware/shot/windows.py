"""Plan the windows in which photos are taken: at the start, and when the known ones have ended."""

import time

from firmware import clock

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_SLICE_MS = const(1000)


def begin(app):
    """Plan the day, and set when a photo was last due, perhaps before a restart."""
    from firmware.update import start

    start.add(app)
    app.due, app.cycle_s = clock.now(), clock.cycle_s
    if clock.is_set():
        app.tasks["plan"] = -9
        app.work()
        app.due = abs(app.counters["due"]) or app.due  # saved before the restart


def renew(app):
    """Let the next windows be planned."""
    app.uploader.feed()
    app.tasks["plan"] = 0
    app.work()
    time.sleep_ms(_SLICE_MS)
