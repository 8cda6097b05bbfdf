"""Chore: ask day_plan.py for the windows of the day in which photos are taken."""

from firmware import clock, config, rare

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_AGAIN_S = const(30)
_DAY_S = const(86400)


def do(app):
    """Return the seconds until this chore is due again."""
    if not clock.is_set():
        return _AGAIN_S
    section = config.section("schedule")
    days = "".join(section["weekdays"])
    if section["hours"] == ["00:00-24:00"] and len(days) == 21 and not section["daylight"]:
        return _DAY_S  # all day, every day: as App starts
    now = clock.now()
    place = config.section("location")
    app.windows, app.windows_until = rare.call("day_plan", "plan", now, section, place)
    return app.windows_until - now
