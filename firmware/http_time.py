"""The time from the `Date` of a plain HTTP reply, for networks without NTP; for clock_set.py."""

import time

import urequests
from https import borrow

from firmware.errors import ClockError

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_TIMEOUT_S = const(5)  # of each step
_LIMIT_MS = const(15000)  # of one reply


def query(url):
    """Ask `url`, "http://..."; return (UTC milliseconds since 1970 now, error in ms).

    Nothing secret is in the request, and the reply is believed no more than one of NTP. Raises
    OSError, ClockError, or ValueError for a reply that is no HTTP.
    """
    seen = {}
    start = time.ticks_ms()

    def look(line, _):
        # Called by urequests for each line of the head; it closes the socket after an OSError.
        if time.ticks_diff(time.ticks_ms(), start) > _LIMIT_MS:
            raise OSError("too slow")
        name, _, value = line.partition(b":")
        name = name.lower()
        if name == b"location":
            raise OSError("it redirects us, as a page to log in does")
        if name in (b"date", b"age"):
            seen[name] = value.strip()

    fresh = {"Cache-Control": "no-cache"}
    urequests.head(url, headers=fresh, timeout=_TIMEOUT_S, parse_headers=look).close()
    half_ms = time.ticks_diff(time.ticks_ms(), start) // 2
    if b"age" in seen:
        raise ClockError("its answer comes from a cache")
    if b"date" not in seen:
        raise ClockError("its answer has no Date")
    seconds = borrow("http_date").parse_http_date(seen[b"date"].decode())
    # Date has whole seconds, so it is half a second old on average.
    return seconds * 1000 + 500 + half_ms, 500 + half_ms
