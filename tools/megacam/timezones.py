"""Explain the POSIX time zone in `schedule.timezone` to the user.

POSIX counts westwards: its "UTC+1" is an hour behind UTC. So `megacam deploy` shows the local
time that follows from the setting.
"""

import importlib
import importlib.resources
import re
import time
import zoneinfo
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

_DAY_S = 86400
_YEAR_S = 366 * _DAY_S


def note(raw: dict[str, Any], default: str, now: float | None = None) -> tuple[str, str] | None:
    """Return ("done" or "warn", a sentence with the local time), or None for `default`.

    `raw` is a config.json that passed settings.check(). `now` is UTC in seconds since 1970.
    """
    zone = _zone(raw)
    if zone is None or zone == default:
        return None
    moment = int(time.time() if now is None else now)
    offset_s = importlib.import_module("firmware.shot.day_plan").offset_s(moment, zone)
    clock = time.strftime("%H:%M", time.gmtime(moment + offset_s))
    text = f"Time zone {zone}: it is now {clock} there ({_utc(offset_s)})."
    remedy = _turned(zone, offset_s)
    return ("warn", f"{text} {remedy}") if remedy else ("done", text)


def explained(error: str, raw: dict[str, Any]) -> str:
    """Return `error` of settings.check(); if the zone is an IANA name, add its POSIX string."""
    zone = _zone(raw)
    if not zone or f"schedule.timezone is {zone!r}" not in error:
        return error
    posix = posix_of(zone)
    if not posix:
        return error
    but = ", although its clocks will differ from that this year" if _differs(zone, posix) else ""
    return f'{error}; for {zone} write "{posix}"{but}'


def posix_of(name: str) -> str | None:
    """Return the POSIX string of a zone such as "Europe/Berlin", or None if it is not found.

    It is the last line of the zone's file (RFC 8536, section 3.3).
    """
    known = _known(name)
    for folder in [*map(Path, zoneinfo.TZPATH), _package()]:
        file = folder.joinpath(*known.split("/")) if known and folder else None
        if file and file.is_file():
            *_, last, _ = file.read_bytes().split(b"\n")
            return last.decode("ascii", "replace") or None
    return None


def _known(name: str) -> str | None:
    names = zoneinfo.available_timezones()
    return {one.casefold(): one for one in names}.get(name.casefold())


def _differs(name: str, posix: str) -> bool:
    # A POSIX string cannot express Morocco's Ramadan rule or a change that happens only once.
    zone = zoneinfo.ZoneInfo(_known(name) or name)
    plan = importlib.import_module("firmware.shot.day_plan")
    for moment in range(int(time.time()), int(time.time()) + _YEAR_S, _DAY_S):
        shift = datetime.fromtimestamp(moment, zone).utcoffset() or timedelta()
        if shift.total_seconds() != plan.offset_s(moment, posix):
            return True
    return False


def _package() -> Any:
    try:
        return importlib.resources.files("tzdata").joinpath("zoneinfo")
    except ModuleNotFoundError:
        return None


def _zone(raw: dict[str, Any]) -> str | None:
    section = raw.get("schedule")
    zone = section.get("timezone") if isinstance(section, dict) else None
    return zone if isinstance(zone, str) else None


def _utc(offset_s: int) -> str:
    hours, minutes = divmod(abs(offset_s) // 60, 60)
    sign = "-" if offset_s < 0 else "+"
    return "UTC" + (f"{sign}{hours}" if offset_s else "") + (f":{minutes:02}" if minutes else "")


def _turned(zone: str, offset_s: int) -> str:
    # "UTC+1" or "GMT-5:30" may also come from somebody who knows POSIX: a warning, not an error.
    found = re.fullmatch(r"(UTC|GMT|UT)([+-]?)(\d{1,2}(?::\d\d)?)", zone.upper())
    if not found or not offset_s:
        return ""
    hours, _, minutes = found[3].partition(":")
    sign = found[2] or "+"
    west = "-" if sign == "+" else ""
    posix = f"<{sign}{int(hours):02}{minutes}>{west}{found[3]}"
    return f'POSIX counts westwards; for {zone} in the usual sense, use "{posix}".'
