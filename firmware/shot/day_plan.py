"""Compute the windows of one local day in which photos are taken, from the section "schedule".

    windows, until = plan(now, schedule, location)

Loaded once a day and dropped again: time zones and the sun are not needed in between. Dates are
days since 1970, and minutes are integers, because the ESP32's floats have 24 bits.
"""

import math

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_DAY_S = const(86400)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_THURSDAY = const(3)  # 1970-01-01
_EVER_S = const(1 << 40)
_TWILIGHT_DEGREES = -0.833  # the sun's upper edge on the horizon, with refraction


class PlanError(Exception):
    """The schedule is not valid; the message names the setting and what is wrong."""


def plan(now, schedule, location):
    """Return (windows, until): [(from, to), ...] of the local day of `now`, and its end.

    All are UTC seconds since 1970. A day lasts from the first moment of its date to the first
    moment of a later date. So `until` is always later than `now`, and there is no gap between two
    days, at whatever hour the clocks change. `schedule` has hours, weekdays, timezone and
    daylight; `location` has latitude and longitude in degrees, north and east positive. Raises
    PlanError.
    """
    pieces = _pieces(now, schedule["timezone"])
    day = (now + _offset(now, pieces)) // _DAY_S
    start, until = _begin(day, pieces), _begin(day + 1, pieces)
    while until <= now:  # the clocks went back over midnight; the next date had begun before
        day += 1
        start, until = until, _begin(day + 1, pieces)
    windows = []
    for first, end, offset in pieces:
        windows += _windows(max(first, start), min(end, until), offset, schedule)
    if schedule["daylight"]:
        # daylight() uses other days than the time zone: three of them may overlap one local day.
        range_of_suns = range(start // _DAY_S - 1, until // _DAY_S + 2)
        suns = [daylight(d, location["latitude"], location["longitude"]) for d in range_of_suns]
        windows = [span for sun in suns for span in _cut(windows, sun)]
    return _joined(windows), until


def _begin(day, pieces):
    # The first moment at which the local date is `day` or later.
    for start, end, offset in pieces:
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
        if len(hour) == len(minute) == 2 and _is_number(hour + minute) and minute < "60":
            edges.append(int(hour) * 60 + int(minute))
    if len(edges) != 2 or text.count("-") != 1 or max(edges) > 1440 or edges[0] == edges[1]:
        raise PlanError(f"schedule.hours has {text!r}; it must be like 06:00-22:30")
    return edges[0], edges[1]


def offset_s(now, timezone):
    """Return by how many seconds local time is ahead of UTC at `now`; raises PlanError.

    `timezone` is a POSIX TZ string (IEEE Std 1003.1, 8.3) such as "UTC0", "IST-5:30" or
    "CET-1CEST,M3.5.0,M10.5.0/3". Times in its rules may be -167 to 167 hours (RFC 8536, 3.3.1).
    """
    return _offset(now, _pieces(now, timezone))


def _offset(now, pieces):
    for start, end, offset in pieces:
        if start <= now < end:
            return offset


def _pieces(now, timezone):
    # The years around `now`, split where the clocks change: [(from, to, offset), ...].
    names, *rules = timezone.split(",")
    standard, names = _zone(names, timezone)
    if not names and not rules:
        return [(-_EVER_S, _EVER_S, standard)]
    summer, rest = _zone(names, timezone, standard + 3600)
    if rest or len(rules) != 2:
        _refuse(timezone)
    year = _year(now)
    changes = [(_EVER_S, 0, 0)]
    for y in range(year - 2, year + 3):
        # In this order, summer time that begins at the moment it ends continues.
        changes.append((_rule(rules[1], y, timezone) - summer, 0, standard))
        changes.append((_rule(rules[0], y, timezone) - standard, 1, summer))
    changes.sort()
    return [(changes[i][0], changes[i + 1][0], changes[i][2]) for i in range(len(changes) - 1)]


def _zone(text, timezone, default=None):
    # "CET-1CEST" gives (3600, "CEST"), and so does "<+01>-1CEST": POSIX counts west as positive.
    is_quoted = text[:1] == "<"
    name, rest = _split(text[is_quoted:], "+-" if is_quoted else "", is_quoted)
    if is_quoted:
        name, rest = (name, rest[1:]) if rest[:1] == ">" else ("", "")
    clock, rest = _split(rest, "+-:", True, False)
    if len(name) < 3 or not (clock or default is not None):
        _refuse(timezone)
    return (-_clock(clock, 24, timezone) if clock else default), rest


def _split(text, marks, has_digits, has_letters=True):
    # Split `text` after the leading characters that are allowed.
    i = 0
    while i < len(text) and (
        text[i] in marks
        or (has_digits and "0" <= text[i] <= "9")
        or (has_letters and ("A" <= text[i] <= "Z" or "a" <= text[i] <= "z"))
    ):
        i += 1
    return text[:i], text[i:]


def _clock(text, most_hours, timezone):
    # "+5:30" gives 19800.
    sign = -1 if text[:1] == "-" else 1
    seconds, unit = 0, 3600
    for part in text[text[:1] in ("+", "-") :].split(":"):
        if not _is_number(part) or not unit or (unit < 3600 and (len(part) != 2 or part > "59")):
            _refuse(timezone)
        seconds += int(part) * unit
        unit //= 60
    if seconds > most_hours * 3600:
        _refuse(timezone)
    return sign * seconds


def _is_number(text):
    # On the host, str.isdigit() accepts other digits too.
    return text and all("0" <= c <= "9" for c in text)


def _rule(text, year, timezone):
    """Return the local time of a rule in `year`, in seconds since 1970 as if it were UTC.

    "M10.5.0/3": month, week (5 is the last), weekday (0 is Sunday), at 3:00. "J60": 1 March,
    because J does not count 29 February. "59": day 59, counted from 0.
    """
    date, slash, clock = text.partition("/")
    numbers = date[date[:1] in ("M", "J") :].split(".")
    day = None
    if all(_is_number(n) for n in numbers):
        day = _day(date[0], year, [int(n) for n in numbers])
    # A month has two digits at most, a week and a weekday one, a day of the year three.
    extra = len(date) - len(numbers[0]) > 5 or len(numbers[0]) > (2 if date[:1] == "M" else 3)
    if day is None or extra or (slash and not clock):
        _refuse(timezone)
    return day * _DAY_S + (_clock(clock, 167, timezone) if clock else 7200)


def _day(form, year, numbers):
    first = days(year, 1, 1)
    if form == "M" and len(numbers) == 3:
        month, week, weekday = numbers
        if 0 < month < 13 and 0 < week < 6 and weekday < 7:
            first = days(year, month, 1)
            day = first + (weekday - (first + 4)) % 7 + (week - 1) * 7
            end = days(year, month + 1, 1) if month < 12 else days(year + 1, 1, 1)
            return day if day < end else day - 7
    elif form == "J" and len(numbers) == 1 and 0 < numbers[0] < 366:
        is_leap = days(year, 3, 1) - first == 60
        return first + numbers[0] - (1 if numbers[0] < 60 or not is_leap else 0)
    elif form not in "MJ" and len(numbers) == 1 and numbers[0] < 366:
        return first + numbers[0]


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
    year = 1970 + seconds // 31556952  # mean Gregorian year: may be one year off
    while days(year, 1, 1) * _DAY_S > seconds:
        year -= 1
    while days(year + 1, 1, 1) * _DAY_S <= seconds:
        year += 1
    return year


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
