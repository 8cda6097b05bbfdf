"""What a camera on batteries does when it wakes, before and after its photo."""

from firmware import clock

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_WORK_S = const(60)  # time to send waiting photos, after the photo
_EARLY_S = const(10)  # lets a pause that equals several sleeps end with the last of them
_LATE_S = const(60)  # up to this late, a photo still counts as the one that was due
_AHEAD_S = const(60)  # for tasks without a photo ahead
_LONGEST_PAUSE_S = const(3600)  # the uploader's longest pause
_LONGEST_SLEEP_S = const(86400)


def restore(app):
    """Restore what sleep.py has saved; return when the next photo is due.

    The counters hold the UTC times of the next photo ("due"), of the next report ("report_at") and
    of the end of the uploader's pause ("pause_until"). "due" is 0 if the time is not known; if
    no photo is due, it is minus the time until which that is known.
    """
    from firmware.update import start

    start.add(app)
    counters = app.counters
    uploader = app.uploader
    app.tasks["status"] = _left_s(counters, "report_at", _LONGEST_SLEEP_S)
    pause_s = _left_s(counters, "pause_until", _LONGEST_PAUSE_S)
    uploader.pause_until_s = max(pause_s - _EARLY_S, 0)
    uploader.failures = counters.get("failures", 0)
    uploader.fatal = counters.get("fatal", 0)
    return counters["due"]


def _left_s(counters, name, most_s):
    # The saved time may have been wrong, or a power cut may have reset the clock.
    left_s = counters.get(name, 0) - clock.now()
    return min(max(left_s, 0), most_s) if clock.is_set() else 0


def do_tasks(app, due):
    """Do what is due before the photo at `due`, or with 0 after it."""
    # Every wake joins the Wi-Fi and sets the clock, because the chip's clock is off by up to 5 %
    # in deep sleep. But no network request may delay a photo that is due.
    for _ in range(len(app.tasks)):
        left_s = due - clock.now() if due > 0 and clock.is_set() else _AHEAD_S
        if left_s <= 0:
            break
        app.uploader.try_for(left_s)
        app.uploader.feed()
        if min(app.tasks.values()) <= clock.uptime_s():
            app.work()


def moment(app, due):
    """Return when to take the photo of `due`, which may be late: 0 is at once, None is not now."""
    is_at_once = not due
    if app.early and _has_triggered(app):
        is_at_once = True
    if not clock.is_set():
        return 0
    now = clock.now()
    from firmware.shot import schedule

    if is_at_once:
        # The first photo, or one by the trigger, but only when the schedule takes photos.
        if schedule.next_shot(now - 1, 1, app.windows) == now:
            return 0
        if app.early:
            app.early.trigger.clear()
        if not due:
            return None
    if due < 0 or abs(due - now) > _LATE_S:
        # The last one that was due, or the next one if the clock was set back. The board may have
        # woken although none was due.
        due = abs(due)
        since = max(now - app.interval_s, due - 1) if due < now else now
        due = schedule.next_shot(since, app.interval_s, app.windows)
    return due if due and due - now <= _LATE_S else None


def _has_triggered(app):
    from firmware.power import trigger

    return trigger.has_woken(app)


def send(app):
    """Send waiting photos for a minute, and go on with an update."""
    uploader = app.uploader
    until_s = clock.uptime_s() + _WORK_S
    tries = 2
    while clock.uptime_s() < until_s and (uploader.has_waiting() or _updates(app)):
        if not app.work():
            tries -= 1
            if not (tries and uploader.refused):
                break
            # The next photo shows whether the refused one is at fault, which no sleep remembers.
            uploader.failures = 0


def _updates(app):
    return "update" in app.tasks and app.tasks["update"] <= clock.uptime_s()
