"""Parse the `Date` header of HTTP (RFC 9110, 5.6.7).

parse_http_date("Fri, 24 May 2013 00:00:00 GMT")  # 1369353600
"""

_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"


def parse_http_date(text):
    """Return an IMF-fixdate as UTC seconds since 1970; raise ValueError for anything else."""
    parts = text.replace(":", " ").split()
    month = _MONTHS.find(parts[2]) if len(parts) == 8 and len(parts[2]) == 3 else -1
    if month < 0 or month % 3 or parts[7] != "GMT":
        raise ValueError(f"not an HTTP date: {text[:40]}")
    day, year, hour, minute, second = [int(parts[i]) for i in (1, 3, 4, 5, 6)]
    return seconds_of(year, month // 3 + 1, day, hour, minute, second)


def seconds_of(year, month, day, hour, minute, second):
    """Return a date of the Gregorian calendar as UTC seconds since 1970."""
    # Count years from March, so that the leap day is the last day of a year.
    if month < 3:
        year -= 1
        month += 12
    days = 365 * year + year // 4 - year // 100 + year // 400 + (153 * month - 457) // 5 + day
    return (days - 719_469) * 86_400 + hour * 3600 + minute * 60 + second
