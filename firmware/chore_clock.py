"""Chore: set the clock, and date the photos that were taken before the time was known."""

from firmware import clock, config, rare, wifi
from firmware.errors import ClockError
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_AGAIN_S = const(30)
_HOUR_S = const(3600)
_DAY_S = const(86400)


def do(app):
    """Return the seconds until this chore is due again."""
    if not wifi.is_up():
        return _AGAIN_S
    store = app.uploader.store
    after_s = _DAY_S
    try:
        if store.skew_s:  # it is verified, so it outweighs what any time server says
            rare.call("clock_store", "learn", store.skew_s)
            log("W clock set by the store", seconds=store.skew_s)
            after_s = _HOUR_S
        else:
            log("I clock set", server=rare.call("clock_set", "sync", config.section("clock")))
    except ClockError as e:
        log("W clock not set", why=e)
        if app.uploader.date:
            rare.call("clock_store", "follow", app.uploader.date, app.uploader.date_at_s)
        after_s = _HOUR_S if clock.is_set() else _AGAIN_S
    store.skew_s = 0
    app.uploader.is_clock_doubted = False
    if app.uploader.boot is not None and clock.is_set():
        started = clock.power_s or clock.now() - clock.uptime_s()
        rare.call("uploader_drain", "date", app.uploader, started)
    return after_s
