"""Chore: keep the tally on flash, for a power cut; and end a camera's hopeless hour."""

from firmware import clock, rare
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_HOUR_S = const(3600)
_CALM_S = const(600)  # a start that lasts so long is no part of a crash loop


def do(app):
    """Return the seconds until this chore is due again."""
    if clock.uptime_s() < _CALM_S:
        return _CALM_S
    app.tally["quick"] = app.shortages = 0
    try:
        rare.call("tally", "write", app.tally)
    except OSError as e:
        log("E tally not kept", why=e)
    if app.failures and clock.uptime_s() - app.good_s > _HOUR_S:
        rare.call("restart", "reset", app.tally, "camera")
    return _HOUR_S
