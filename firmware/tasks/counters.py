"""Task: save the counters on flash, and restart if no shot has succeeded for an hour."""

from firmware import clock
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_HOUR_S = const(3600)
_CALM_S = const(600)  # a start that lasts this long is not part of a crash loop


def do(app):
    """Return the seconds until this task is due again."""
    if clock.uptime_s() < _CALM_S:
        return _CALM_S
    app.counters["quick"] = app.shortages = 0
    try:
        from firmware.health import counters

        counters.write(app.counters)
    except OSError as e:
        log("E counters not kept", why=e)
    if app.failures and clock.uptime_s() - app.good_s > _HOUR_S:
        from firmware.start import restart

        restart.reset(app.counters, "camera")
    return _HOUR_S
