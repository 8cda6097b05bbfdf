"""The end of a wake: save what must survive, and sleep until shortly before the next photo."""

from firmware import clock, wifi
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_LONGEST_SLEEP_S = const(86400)
_UNSURE_SLEEP_S = const(3600)  # see tasks/clock.py
_WRITE_EVERY = const(32)  # flash wears


def sleep(app, due, is_taken, ahead_s):
    """Sleep until `ahead_s` before the next photo; does not return.

    `due` is when the photo of this wake was due, see wake.restore(), and `is_taken` tells whether
    there is one: the others that were due since then are counted as missed.
    """
    counters = app.counters
    uploader = app.uploader
    now = clock.now()
    if due:
        counters["missed"] += _missed(app, due, is_taken)
    from firmware.shot import schedule

    due = schedule.next_shot(now, app.interval_s, app.windows)
    counters["due"] = (due or -app.windows_until) if clock.is_set() else 0
    counters["report_at"] = now + app.tasks["status"] - clock.uptime_s()
    counters["pause_until"] = now + uploader.pause_until_s - clock.uptime_s()
    counters["failures"] = uploader.failures
    counters["fatal"] = uploader.fatal
    counters["quick"] = 0
    try:
        if "trial" in app.tasks and not is_taken:
            from firmware.update import trial

            trial.wait(app, due or app.windows_until)
        _keep(counters)
    except OSError as e:
        log("E counters not kept", why=e)
    wake = due - ahead_s if due else app.windows_until
    # A time server that lies may be mended long before the photo that is due by its time.
    longest_s = _UNSURE_SLEEP_S if counters.get("unsure") else _LONGEST_SLEEP_S
    sleep_s = min(max(wake - now, 1), longest_s)
    if app.early:
        from firmware.power import trigger

        sleep_s = min(sleep_s, trigger.arm(app) or sleep_s)
    log("I deep sleep", seconds=sleep_s)
    wifi.off()
    from firmware.power import battery

    battery.deep_sleep(sleep_s)


def _missed(app, due, is_taken):
    """Return how many photos were due from `due` to now but not taken."""
    from firmware.shot import schedule

    count = schedule.missed(abs(due) - 1, clock.now() + 1, app.interval_s, app.windows)
    return count - 1 if count and is_taken else count


def _keep(counts):
    from firmware.health import counters

    if counts["boots"] % _WRITE_EVERY == 0:
        counters.write(counts)
    else:
        counters.keep(counts)
