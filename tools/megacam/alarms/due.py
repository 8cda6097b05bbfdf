"""When photos were due, by the schedule that a camera reports: pure arithmetic.

The camera's own code plans each local day, so both agree on time zones, on clocks that change
and on the sun.
"""

from collections.abc import Iterator
from typing import Any

from megacam import device_code
from megacam.alarms.seen import Seen

_DAY_S = 86_400
# Further back than this, when a photo was due makes no difference.
_DAYS = 40
_ALWAYS = [(0, 1 << 40)]
_EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_TEXT_LIMIT = 64
_LISTED = 8


def shots(seen: Seen, after: int, before: int, most: int) -> list[int]:
    """Return the first `most` times in (after, before) at which a photo was due, oldest first.

    A camera that waits for motion owes a photo only after its keepalive. Times are UTC seconds
    since 1970.
    """
    next_shot = device_code.load("firmware.shot.schedule").next_shot
    found: list[int] = []
    at = max(after, before - _DAYS * _DAY_S)
    for windows, until in _days(seen.schedule, at, before):
        while len(found) < most:
            due = next_shot(at, seen.period_s, windows)
            if due is None or due >= before:
                break
            found.append(due)
            at = due
        at = max(at, until - 1)
    return found


def local_time(seen: Seen, moment: int) -> int:
    """Return `moment` in the camera's own time zone, as seconds of a clock without zones."""
    zones = device_code.load("firmware.shot.time_zone")
    try:
        return moment + zones.find(moment, _zone(seen.schedule))[2]
    except (zones.PlanError, ValueError, IndexError):
        return moment


def _days(
    schedule: dict[str, Any], start: int, end: int
) -> Iterator[tuple[list[tuple[int, int]], int]]:
    """Yield (windows, until) of each local day from `start` to `end`."""
    days = device_code.load("firmware.shot.day_plan")
    at = start
    for _ in range(_DAYS + 3):
        try:
            windows, until = days.plan(at, *_usable(schedule))
        except (days.PlanError, ValueError, IndexError):
            # What no camera has checked is no schedule.
            yield _ALWAYS, end
            return
        yield windows, until
        if until >= end:
            return
        at = until


def _usable(schedule: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return (schedule, location) for day_plan.plan(); raises ValueError."""
    wanted = {
        "hours": _texts(schedule.get("hours", ["00:00-24:00"])),
        "weekdays": _texts(schedule.get("weekdays", _EVERY_DAY)),
        "timezone": _zone(schedule),
        "daylight": schedule.get("daylight") is True,
    }
    place = {name: schedule.get(name, 0) for name in ("latitude", "longitude")}
    if not all(type(value) in (int, float) and abs(value) <= 180 for value in place.values()):
        raise ValueError("location")
    return wanted, place


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list) or len(value) > _LISTED:
        raise ValueError("schedule")
    if not all(isinstance(text, str) and len(text) <= _TEXT_LIMIT for text in value):
        raise ValueError("schedule")
    return value


def _zone(schedule: dict[str, Any]) -> str:
    [zone] = _texts([schedule.get("timezone", "UTC0")])
    return zone
