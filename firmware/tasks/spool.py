"""Task: count the photos in the spool from earlier starts, and retry a failed SD card."""

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_AGAIN_S = const(600)
_DAY_S = const(86400)


def do(app):
    """Return the seconds until this task is due again."""
    from firmware.spool import count

    count.count(app.uploader)
    counters = app.counters
    if counters["known_cycle"] != counters["cycle"]:
        app.tasks["clock"] = min(app.tasks["clock"], 0)
    return _AGAIN_S if app.uploader.place[2:] else _DAY_S
