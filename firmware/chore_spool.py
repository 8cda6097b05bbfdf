"""Chore: count what waits in the spool from the starts before, and try a card that failed."""

from firmware import rare

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_AGAIN_S = const(600)
_DAY_S = const(86400)


def do(app):
    """Return the seconds until this chore is due again."""
    rare.call("spool_count", "count", app.uploader)
    tally = app.tally
    if tally["known_era"] != tally["era"]:
        app.chores["clock"] = min(app.chores["clock"], 0)
    return _AGAIN_S if app.uploader.place[2:] else _DAY_S
