"""Time zones: by how much local time is ahead of UTC, and when the clocks change.

since, until, offset_s = find(now, "CET-1CEST,M3.5.0,M10.5.0/3")

Pure arithmetic on integers, because the ESP32's floats have 24 bits. Days are counted since 1970.
"""

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_DAY_S = const(86400)
_EVER_S = const(1 << 40)


class PlanError(Exception):
    """The schedule is not valid; the message names the setting and what is wrong."""


def find(now, timezone):
    """Return (from, to, offset) of the span around `now` in which the clocks do not change.

    The first two are UTC seconds since 1970. `offset` is by how many seconds local time is ahead
    of UTC. `timezone` is a POSIX TZ string (IEEE Std 1003.1, 8.3) such as "UTC0", "IST-5:30" or
    "CET-1CEST,M3.5.0,M10.5.0/3". Times in its rules may be -167 to 167 hours (RFC 8536, 3.3.1).
    Raises PlanError.
    """
    for span in pieces(now, timezone):
        if span[0] <= now < span[1]:
            return span


def pieces(now, timezone):
    """Return the spans of the years around `now`, each like that of find()."""
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
        if not is_number(part) or not unit or (unit < 3600 and (len(part) != 2 or part > "59")):
            _refuse(timezone)
        seconds += int(part) * unit
        unit //= 60
    if seconds > most_hours * 3600:
        _refuse(timezone)
    return sign * seconds


def is_number(text):
    """Return whether `text` has only digits, and at least one."""
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
    if all(is_number(n) for n in numbers):
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
