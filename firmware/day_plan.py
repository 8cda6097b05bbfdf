"""The windows of one local day in which photos are taken, from the section "schedule".

    windows, until = plan(now, schedule, location)

Loaded once a day and dropped again: time zones and the sun are not needed in between. Dates are
counted in days since 1970 and minutes are whole, because the ESP32's floats have 24 bits.
"""

import math

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_DAY_S = const(86400)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_THURSDAY = const(3)  # 1970-01-01
_TWILIGHT_DEGREES = -0.833  # the sun's upper edge on the horizon, with refraction


class PlanError(Exception):
    """The schedule cannot be understood; the message names the setting and what is wrong."""


def plan(now, schedule, location):
    """Return (windows, until): [(from, to), ...] of the local day of `now`, and its end.

    All are UTC seconds since 1970. `schedule` has hours, weekdays, timezone and daylight;
    `location` has latitude and longitude in degrees, north and east positive.
    Raises PlanError.
    """
    offset = offset_s(now, schedule["timezone"])
    day = (now + offset) // _DAY_S
    start = day * _DAY_S - offset
    # The day ends where the next begins, which is an hour off when the clocks change.
    end = (day + 1) * _DAY_S
    end -= offset_s(end - offset, schedule["timezone"])
    windows = []
    if _WEEKDAYS[(day + _THURSDAY) % 7] in schedule["weekdays"]:
        for text in schedule["hours"]:
            windows += _spans(text, day, schedule["timezone"], offset)
    if schedule["daylight"]:
        # The sun's day is not the time zone's: parts of three may lie in it.
        suns = [daylight(day + i, location["latitude"], location["longitude"]) for i in (-1, 0, 1)]
        windows = [span for sun in suns for span in _cut(windows, sun)]
    return _cut(sorted(windows), (start, end)), end


def _cut(windows, limits):
    if limits is None:
        return []
    low, high = limits
    return [(max(a, low), min(b, high)) for a, b in windows if max(a, low) < min(b, high)]


def _spans(text, day, timezone, offset):
    # Each end has its own offset on the days on which the clocks change.
    first, last = minutes(text)
    spans = []
    for span in ((first, last),) if first < last else ((0, last), (first, 1440)):
        edges = []
        for minute in span:
            local = day * _DAY_S + minute * 60
            edges.append(local - offset_s(local - offset, timezone))
        spans.append((edges[0], edges[1]))
    return spans


def minutes(text):
    """Return the two minutes of the day of "06:00-22:30"; raises PlanError.

    24:00 is the end of the day; "22:00-06:00" are its last hours and its first.
    """
    edges = []
    for clock in text.split("-"):
        hour, _, minute = clock.partition(":")
        if len(hour) == len(minute) == 2 and (hour + minute).isdigit() and minute < "60":
            edges.append(int(hour) * 60 + int(minute))
    if len(edges) != 2 or text.count("-") != 1 or max(edges) > 1440 or edges[0] == edges[1]:
        raise PlanError(f"schedule.hours has {text!r}; it must be like 06:00-22:30")
    return edges[0], edges[1]


def offset_s(now, timezone):
    """Return the seconds that local time is ahead of UTC at `now`; raises PlanError.

    `timezone` is a POSIX TZ string (IEEE Std 1003.1, 8.3) such as "UTC0", "IST-5:30" or
    "CET-1CEST,M3.5.0,M10.5.0/3". Rules of the form Mm.w.d are understood.
    """
    names, _, rules = timezone.partition(",")
    standard, rest = _zone(names, timezone)
    if not rest:
        return standard
    summer, _ = _zone(rest, timezone, standard + 3600)
    start, _, end = rules.partition(",")
    year = _year(now + standard)
    start = _rule(start, year, timezone) - standard
    end = _rule(end, year, timezone) - summer
    if start < end:
        return summer if start <= now < end else standard
    return standard if end <= now < start else summer


def _zone(text, timezone, default=None):
    # "CET-1CEST" gives (3600, "CEST"): POSIX counts westwards.
    i = text.find(">") + 1
    while i < len(text) and text[i].isalpha():
        i += 1
    j = i
    while j < len(text) and text[j] in "+-0123456789:":
        j += 1
    if i == 0 or (i == j and default is None):
        _refuse(timezone)
    return (default if i == j else -_clock(text[i:j], timezone)), text[j:]


def _clock(text, timezone):
    sign = -1 if text[0] == "-" else 1
    seconds, unit = 0, 3600
    try:
        for part in text.lstrip("+-").split(":"):
            seconds += int(part) * unit
            unit //= 60
    except ValueError:
        _refuse(timezone)
    return sign * seconds


def _rule(text, year, timezone):
    # "M10.5.0/3": month, week (5 is the last), weekday from Sunday, at 3:00 local time.
    date, _, clock = text.partition("/")
    try:
        month, week, weekday = (int(part) for part in date[1:].split("."))
    except ValueError:
        _refuse(timezone)
    if date[0] != "M" or not (0 < month < 13 and 0 < week < 6 and 0 <= weekday < 7):
        _refuse(timezone)
    first = days(year, month, 1)
    day = first + (weekday - (first + 4)) % 7 + (week - 1) * 7
    if day >= (days(year, month + 1, 1) if month < 12 else days(year + 1, 1, 1)):
        day -= 7
    return day * _DAY_S + _clock(clock or "2", timezone)


def _refuse(timezone):
    raise PlanError(
        f"schedule.timezone is {timezone!r}; it must be a POSIX time zone such as "
        "UTC0 or CET-1CEST,M3.5.0,M10.5.0/3"
    )


def days(year, month, day):
    """Return the days from 1970-01-01 to a date of the Gregorian calendar."""
    if month < 3:
        year -= 1
        month += 12
    return (
        365 * year
        + year // 4
        - year // 100
        + year // 400
        + (153 * month - 457) // 5
        + day
        - 719469
    )


def _year(seconds):
    year = 1970 + seconds // 31556952  # the mean Gregorian year: right, or one too late or early
    while days(year, 1, 1) * _DAY_S > seconds:
        year -= 1
    while days(year + 1, 1, 1) * _DAY_S <= seconds:
        year += 1
    return year


def daylight(day, latitude, longitude):
    """Return (sunrise, sunset) of `day` (days since 1970), or None while the sun stays down.

    Where it never sets, the whole day. Good to a few minutes between the polar circles
    (NOAA's low-accuracy solar equations).
    """
    # Counted from noon of 1 January 2000, in tropical years: leap years do not move the seasons.
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
    north = math.radians(max(-89, min(89, latitude)))  # the sun of the poles is no other
    cosine = math.sin(math.radians(_TWILIGHT_DEGREES)) / (math.cos(north) * math.cos(declination))
    cosine -= math.tan(north) * math.tan(declination)
    noon = day * _DAY_S + int(60 * (720 - 4 * longitude - equation_min))
    if cosine >= 1:
        return None
    half = 43200 if cosine <= -1 else int(240 * math.degrees(math.acos(cosine)))
    return noon - half, noon + half
