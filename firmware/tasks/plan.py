"""Task: compute the day's windows for photos with shot/day_plan.py."""

from firmware import clock

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_AGAIN_S = const(30)
_DAY_S = const(86400)


def do(app):
    """Return the seconds until this task is due again."""
    if not clock.is_set():
        return _AGAIN_S
    from firmware.settings import config

    section = config.section("schedule")
    days = "".join(section["weekdays"])
    if section["hours"] == ["00:00-24:00"] and len(days) == 21 and not section["daylight"]:
        return _DAY_S  # all day, every day: the default of App
    now = clock.now()
    from firmware.settings import config

    place = config.section("location")
    from firmware.shot import day_plan

    app.windows, app.windows_until = day_plan.plan(now, section, place)
    return app.windows_until - now
