"""Task: put a signed release together in the slot that is not in use, see update/fetch.py."""

from firmware.update import fetch

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_BUSY_S = const(60)
_HOUR_S = const(3600)
_LEAST_MS = const(5000)


def do(app):
    """Return the seconds until this task is due again; None ends it."""
    uploader = app.uploader
    # Photos first: those that wait, and the one that is due next.
    if not uploader.is_ready() or uploader.waiting:
        return _BUSY_S
    if uploader.left_ms() < _LEAST_MS:
        return 1
    # Half of the daily limit belongs to the photos.
    counters = uploader.counters
    requests, kb = uploader.cap
    if counters["requests"] >= requests // 2 or counters["sent_kb"] >= kb // 2:
        return _HOUR_S
    if not _has_power():
        return _HOUR_S
    after_s = fetch.step(app)
    if after_s is None:
        app.tasks.pop("update")
    return after_s


def _has_power():
    from firmware.settings import config

    power = config.section("power")
    if power["battery_pin"] < 0:
        return True
    from firmware.power import battery

    # A release takes minutes of radio: a tenth above the voltage at which the camera only sleeps.
    mv = battery.millivolts(power["battery_pin"]) * power["divider"]
    return mv > power["low_mv"] * 1.1
