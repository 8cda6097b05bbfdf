"""The time zone of a camera's days, from the words of its settings."""

import functools
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import dateutil.zoneinfo

from megacam import device_code
from megacam.errors import MegacamError

_FIRST = datetime(1970, 1, 1)


def zone_of(words: str) -> tzinfo:
    """Return the zone of a POSIX string ("CET-1CEST,M3.5.0,M10.5.0/3") or name (Europe/Berlin).

    A POSIX string means what it means to the camera. "" is UTC. Raises MegacamError.
    """
    if not words or words in ("UTC", "UTC0"):
        return timezone.utc
    try:
        return Posix(words)
    except _rules().PlanError:
        found = _named(words)
    if found is None:
        raise MegacamError(
            f"no time zone {words!r}: write it as Europe/Berlin or CET-1CEST,M3.5.0,M10.5.0/3"
        )
    return found


class Posix(tzinfo):
    """A zone by the camera's own rules, firmware/shot/time_zone.py.

    Raises that module's PlanError if `words` is no POSIX string.
    """

    def __init__(self, words: str) -> None:
        self._words = words
        _spans(words, 1970)

    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        """Return by how much `dt` is ahead of UTC; `fold` chooses as in PEP 495."""
        if dt is None:
            return None
        clock = _seconds(dt)
        _, found = (spans := _spans(self._words, dt.year))[0]
        for start, after in spans[1:]:
            # The clocks skip or repeat the times between these two: fold=1 is already after it.
            if clock >= start + (min if dt.fold else max)(found, after):
                found = after
            else:
                break
        return timedelta(seconds=found)

    def dst(self, dt: datetime | None) -> None:
        """Return None: the rules tell the offset alone."""

    def tzname(self, dt: datetime | None) -> str:
        """Return the POSIX string."""
        return self._words

    def fromutc(self, dt: datetime) -> datetime:
        """Return the local time of a moment in UTC, with its `fold`."""
        moment = _seconds(dt)
        shift = [shift for start, shift in _spans(self._words, dt.year) if start <= moment][-1]
        local = (dt + timedelta(seconds=shift)).replace(fold=0)
        return local.replace(fold=int(self.utcoffset(local) != timedelta(seconds=shift)))


def _seconds(dt: datetime) -> int:
    return (dt.replace(tzinfo=None) - _FIRST) // timedelta(seconds=1)


@functools.lru_cache(64)
def _spans(words: str, year: int) -> list[tuple[int, int]]:
    """Return (from this UTC second on, seconds east of UTC), the years around `year`, in order."""
    found = _rules().pieces(_seconds(datetime(year, 7, 1)), words)
    # Summer time that begins when it ends leaves a span of no time.
    return [(start, shift) for start, end, shift in found if start < end]


def _rules() -> Any:
    return device_code.load("firmware.shot.time_zone")


def _named(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        # A Lambda may have no time zones of its own; dateutil brings some.
        return dateutil.zoneinfo.get_zonefile_instance().zones.get(name)
