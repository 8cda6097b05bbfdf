"""Compute the windows of one local day in which photos are taken, from the section "schedule".

    windows, until = plan(now, schedule, location)

Loaded once a day and dropped again: time zones and the sun are not needed in between. Dates are
days since 1970, and minutes are integers, because the ESP32's floats have 24 bits.
"""

import math

from firmware.shot.time_zone import PlanError, find, is_number, pieces

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_DAY_S = const(86400)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_THURSDAY = const(3)  # 1970-01-01
_TWILIGHT_DEGREES = -0.833  # the sun's upper edge on the horizon, with refraction


def plan(now, schedule, location):
    """Return (windows, until): [(from, to), ...] of the local day of `now`, and its end.

    All are UTC seconds since 1970. A day lasts from the first moment of its date to the first
    moment of a later date. So `until` is always later than `now`, and there is no gap between two
    days, at whatever hour the clocks change. `schedule` has hours, weekdays, timezone and
    daylight; `location` has latitude and longitude in degrees, north and east positive. Raises
    PlanError.
    """
    spans = pieces(now, schedule["timezone"])
    [offset] = [offset for first, end, offset in spans if first <= now < end]
    day = (now + offset) // _DAY_S
    start, until = _begin(day, spans), _begin(day + 1, spans)
    while until <= now:  # the clocks went back over midnight; the next date had begun before
        day += 1
        start, until = until, _begin(day + 1, spans)
    windows = []
    for first, end, offset in spans:
        windows += _windows(max(first, start), min(end, until), offset, schedule)
    if schedule["daylight"]:
        # daylight() uses other days than the time zone: three of them may overlap one local day.
        range_of_suns = range(start // _DAY_S - 1, until // _DAY_S + 2)
        suns = [daylight(d, location["latitude"], location["longitude"]) for d in range_of_suns]
        windows = [span for sun in suns for span in _cut(windows, sun)]
    return _joined(windows), until


def _begin(day, spans):
    # The first moment at which the local date is `day` or later.
    for start, end, offset in spans:
        if end + offset > day * _DAY_S:
            return max(start, day * _DAY_S - offset)


def _windows(start, end, offset, schedule):
    # The windows between two changes of the clocks: when local time is in one of the hours.
    windows = []
    for day in range((start + offset) // _DAY_S, (end + offset - 1) // _DAY_S + 1):
        if _WEEKDAYS[(day + _THURSDAY) % 7] in schedule["weekdays"]:
            midnight = day * _DAY_S - offset
            for text in schedule["hours"]:
                first, last = minutes(text)
                for a, b in ((first, last),) if first < last else ((0, last), (first, 1440)):
                    windows.append((midnight + a * 60, midnight + b * 60))
    return _cut(windows, (start, end))


def _cut(windows, limits):
    if limits is None:
        return []
    low, high = limits
    return [(max(a, low), min(b, high)) for a, b in windows if max(a, low) < min(b, high)]


def _joined(windows):
    joined = []
    for start, end in sorted(windows):
        if joined and start <= joined[-1][1]:
            start, last = joined.pop()
            end = max(end, last)
        joined.append((start, end))
    return joined


def minutes(text):
    """Return the two minutes of the day in "06:00-22:30"; raises PlanError.

    24:00 is the end of the day; "22:00-06:00" means its last hours and its first hours.
    """
    edges = []
    for clock in text.split("-"):
        hour, _, minute = clock.partition(":")
        if len(hour) == len(minute) == 2 and is_number(hour + minute) and minute < "60":
            edges.append(int(hour) * 60 + int(minute))
    if len(edges) != 2 or text.count("-") != 1 or max(edges) > 1440 or edges[0] == edges[1]:
        raise PlanError(f"schedule.hours has {text!r}; it must be like 06:00-22:30")
    return edges[0], edges[1]


def offset_s(now, timezone):
    """Return by how many seconds local time is ahead of UTC at `now`; raises PlanError.

    `timezone` is a POSIX TZ string, see time_zone.find().
    """
    return find(now, timezone)[2]


def daylight(day, latitude, longitude):
    """Return (sunrise, sunset) of `day` (days since 1970), or None if the sun does not rise.

    If the sun does not set, this is the complete day. Accurate to a few minutes between the polar
    circles (NOAA's low-accuracy solar equations).
    """
    # In tropical years since noon of 1 January 2000, so that leap years do not shift the seasons.
    angle = 2 * math.pi * ((day - 10956.5) % 365.2422) / 365.2422
    equation_min = 229.18 * (
        0.000075
        + 0.001868 * math.cos(angle)
        - 0.032077 * math.sin(angle)
        - 0.014615 * math.cos(2 * angle)
        - 0.040849 * math.sin(2 * angle)
    )
    declination = (
        0.006918
        - 0.399912 * math.cos(angle)
        + 0.070257 * math.sin(angle)
        - 0.006758 * math.cos(2 * angle)
        + 0.000907 * math.sin(2 * angle)
    )
    north = math.radians(max(-89, min(89, latitude)))  # tan() is infinite at 90
    cosine = math.sin(math.radians(_TWILIGHT_DEGREES)) / (math.cos(north) * math.cos(declination))
    cosine -= math.tan(north) * math.tan(declination)
    noon = day * _DAY_S + int(60 * (720 - 4 * longitude - equation_min))
    if cosine >= 1:
        return None
    half = 43200 if cosine <= -1 else int(240 * math.degrees(math.acos(cosine)))
    return noon - half, noon + half
