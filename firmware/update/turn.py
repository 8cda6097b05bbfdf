"""Whether there is time for an update now, and what is next; loaded before each step."""

import os

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_RELEASE = "/update/release"
_DONE = "/update/done.txt"
_BUSY_S = const(60)
_HOUR_S = const(3600)
_LEAST_MS = const(5000)


def turn(app):
    """Return the seconds until the next step, or if its turn has come, (function, argument) of it.

    A step is called as function(app, argument) and returns the same, or None at the end of all.
    """
    after_s = wait_s(app)
    if after_s:
        return after_s
    done = count()
    if not done:
        from firmware.update import ask

        return ask.ask, _RELEASE + ".new"
    if 0 <= done[0] < done[1]:
        from firmware.update import fetch

        return fetch.step, done[0]
    from firmware.update import judge

    return judge.judge, _RELEASE if done[1] >= 0 else _RELEASE + ".new"


def wait_s(app):
    """Return how many seconds the update has to wait, 0 if its turn has come.

    Photos go first, those that wait and the one that is due next, and half of the daily limit
    belongs to them.
    """
    uploader = app.uploader
    if not uploader.is_ready() or uploader.waiting:
        return _BUSY_S
    if uploader.left_ms() < min(_LEAST_MS, app.interval_s * 400):
        return 1
    counters = uploader.counters
    requests, kb = uploader.cap
    is_thrifty = counters["requests"] < requests // 2 and counters["sent_kb"] < kb // 2
    return 0 if is_thrifty and _has_power() else _HOUR_S


def _has_power():
    from firmware.settings import config

    power = config.section("power")
    if power["battery_pin"] < 0:
        return True
    from firmware.power import battery

    # A release takes minutes of radio: a tenth above the voltage at which the camera only sleeps.
    mv = battery.millivolts(power["battery_pin"]) * power["divider"]
    return mv > power["low_mv"] * 1.1


def count():
    """Return [entries of the release that are finished, all entries], or [] if there is none.

    The second is -1 before the release has been judged.
    """
    there = os.listdir("/update") if "update" in os.listdir("/") else ()
    if "release.new" in there:
        return [0, -1]
    if "release" not in there:
        return []
    try:
        done = os.stat(_DONE)[6]
    except OSError:
        done = 0
    from firmware.update import lines

    return [done, sum([1 for _ in lines.files(_RELEASE)])]
