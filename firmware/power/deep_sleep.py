"""The capture loop of a camera on batteries: wake, shoot, send or keep, sleep.

Every wake is a normal start, so the state that must survive deep sleep is in RTC memory, see
health/counters.py. The chip's real-time clock keeps running.
"""

from firmware import clock, wifi
from firmware.log import log
from firmware.shot.schedule import missed, next_shot

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_WORK_S = const(60)  # time to send waiting photos, after the photo
_EARLY_S = const(10)  # lets a pause that equals several sleeps end with the last of them
_LATE_S = const(60)  # up to this late, a photo still counts as the one that was due
_AHEAD_S = const(60)  # the earliest wake before a photo, for network requests
_LONGEST_PAUSE_S = const(3600)  # the uploader's longest pause
_LONGEST_SLEEP_S = const(86400)
_LOW_SLEEP_S = const(3600)
_WRITE_EVERY = const(32)  # flash wears


def guard(power):
    """Sleep for an hour if the battery is low; `power` is the settings section."""
    if power["battery_pin"] < 0:
        return
    from firmware.power.battery import millivolts

    mv = millivolts(power["battery_pin"]) * power["divider"]
    if mv < power["low_mv"]:
        log("E battery low", mv=mv, limit_mv=power["low_mv"], sleep_s=_LOW_SLEEP_S)
        from firmware.power.battery import deep_sleep

        deep_sleep(_LOW_SLEEP_S)


def run(app):
    """Take the photo that is due, send waiting photos, and sleep; does not return.

    The counters hold the UTC times of the next photo ("due"), of the next report ("report_at") and
    of the end of the uploader's pause ("pause_until"). "due" is 0 if the time is not known, and 1
    if no photo is due.
    """
    counters = app.counters
    uploader = app.uploader
    app.tasks["status"] = _left_s(counters, "report_at", _LONGEST_SLEEP_S)
    pause_s = _left_s(counters, "pause_until", _LONGEST_PAUSE_S)
    uploader.pause_until_s = max(pause_s - _EARLY_S, 0)
    uploader.failures = counters.get("failures", 0)
    uploader.fatal = counters.get("fatal", 0)
    due = counters["due"]
    cycle_s = clock.cycle_s
    _do_tasks(app, due)
    # The board has to wake this long before a photo, plus one second for rounding. Without the
    # time it shoots at once; waking early would make it due again a moment later.
    ahead_s = min(clock.uptime_s() + 1, _AHEAD_S) if clock.is_set() else 0
    taken = _take(app, due)
    _do_tasks(app, 0)
    _send(app)
    if due and abs(clock.cycle_s - cycle_s) < app.interval_s:
        counters["missed"] += _missed(app, due, taken)
    _sleep(app, ahead_s)


def _missed(app, due, taken):
    """Return how many photos were due from `due` to now but not taken."""
    now = clock.now()
    count = missed(due - 1, now + 1, app.interval_s, app.windows)
    return count - 1 if count and taken else count


def _keep(counts):
    from firmware.health import counters

    if counts["boots"] % _WRITE_EVERY == 0:
        counters.write(counts)
    else:
        counters.keep(counts)


def _sleep(app, ahead_s):
    counters = app.counters
    uploader = app.uploader
    now = clock.now()
    due = next_shot(now, app.interval_s, app.windows)
    counters["due"] = (due or 1) if clock.is_set() else 0
    counters["report_at"] = now + app.tasks["status"] - clock.uptime_s()
    counters["pause_until"] = now + uploader.pause_until_s - clock.uptime_s()
    counters["failures"] = uploader.failures
    counters["fatal"] = uploader.fatal
    counters["quick"] = 0
    try:
        _keep(counters)
    except OSError as e:
        log("E counters not kept", why=e)
    wake = due - ahead_s if due else app.windows_until
    sleep_s = min(max(wake - now, 1), _LONGEST_SLEEP_S)
    log("I deep sleep", seconds=sleep_s)
    wifi.off()
    from firmware.power import battery

    battery.deep_sleep(sleep_s)


def _left_s(counters, name, most_s):
    # The saved time may have been wrong, or a power cut may have reset the clock.
    left_s = counters.get(name, 0) - clock.now()
    return min(max(left_s, 0), most_s) if clock.is_set() else 0


def _do_tasks(app, due):
    # Every wake joins the Wi-Fi and sets the clock, because the chip's clock is off by up to 5 %
    # in deep sleep. But no network request may delay a photo that is due.
    for _ in range(len(app.tasks)):
        left_s = due - clock.now() if due and clock.is_set() else _AHEAD_S
        if left_s <= 0 and due > 1:
            break
        app.uploader.try_for(left_s)
        app.uploader.feed()
        if min(app.tasks.values()) <= clock.uptime_s():
            app.work()


def _take(app, due):
    """Take the photo that is due, even if late; return the due time that it covers, or None."""
    if due and clock.is_set():
        now = clock.now()
        if abs(due - now) > _LATE_S:
            # The last one that was due, or the next one if the clock was set back.
            since = now - app.interval_s if due < now else now
            due = next_shot(since, app.interval_s, app.windows)
        if not due or due - now > _LATE_S:
            return None
        app.work_until(due)
    app.take()
    return due or 1


def _send(app):
    until_s = clock.uptime_s() + _WORK_S
    while clock.uptime_s() < until_s and app.uploader.has_waiting() and app.work():
        pass
