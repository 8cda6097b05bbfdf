"""Describe the health of a device from its status.json and its newest photo. Pure functions.

status.json is untrusted: missing values and values of the wrong type are left out and never raise.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone, tzinfo
from statistics import median
from typing import Any

from megacam import words
from megacam.alarms import due
from megacam.alarms.seen import see
from megacam.gallery import days
from megacam.gallery.photos import Photo
from megacam.untrusted import number, part

GOOD, FAIR, BAD = "good", "fair", "bad"
_ORDER = {GOOD: 0, FAIR: 1, BAD: 2}

_LATE_INTERVALS = 3
_SILENT_S = 3600
# A plain ESP32 receives down to about -90 dBm, at the lowest rate and with many retries.
_RSSI_FAIR_DBM = -70
_RSSI_BAD_DBM = -80
# S3 refuses signatures that are 15 minutes off. A crystal drifts by less than 10 s a day, and a
# day is the time between two NTP answers.
_CLOCK_FAIR_MS = 10_000
_CLOCK_BAD_MS = 300_000
_BACKLOG_BAD = 60
_LOSSES = ("damaged", "refused", "thinned", "lost", "missed")
# As in firmware/health/report.py, which warns in the log. Below 0, MicroPython's heap has grown.
_HEAP_LOW_BYTES = 4_096
_BLOCK_LOW_BYTES = 1_024
_MEMORY_REMEDY = "restart the board, or turn off its sensor function or SD card"
# If a device has run for a week, earlier reboots no longer matter.
_FORGIVEN_S = 7 * 86_400
# Reports come every hour; after three missing reports, the last one is old.
_STALE_S = 3 * 3600
_ERRORS_SHOWN = 8
_CALM_RESETS = {"power-on", "power_on", "poweron", "soft", "deepsleep", "config", "update", "usb"}
_TEXT_LIMIT = 300


@dataclass(frozen=True)
class Finding:
    """One fact about a device's health; `level` is good, fair or bad."""

    level: str
    subject: str
    text: str


def findings(status: dict[str, Any] | None, newest: Photo | None, now: datetime) -> list[Finding]:
    """Return the findings, worst first; the level of [0] is the device's state."""
    found = [_lateness(status or {}, newest, now)]
    if status is None:
        found.append(Finding(FAIR, "Health", "no report (status.json) from the device yet"))
    else:
        found += _staleness(status, newest, now)
        for look in _LOOKS:
            finding = look(status)
            if finding:
                found.append(finding)
    return sorted(found, key=lambda finding: -_ORDER[finding.level])


def level(found: list[Finding]) -> str:
    """Return the worst level of a list of findings."""
    return max((finding.level for finding in found), key=_ORDER.__getitem__, default=GOOD)


def interval_s(status: dict[str, Any]) -> float:
    """Return the configured seconds between two photos, or the default.

    For a camera that waits for motion, this is after how long it sends one in any case.
    """
    told = number(status.get("interval_s"))
    told = told if told and 0 < told < 10_000_000 else days.DEFAULT_INTERVAL_S
    longest = number(status.get("keepalive_s")) or 0
    return max(told, longest) if longest < 10_000_000 else told


def errors(status: dict[str, Any]) -> list[tuple[datetime | None, str]]:
    """Return the newest errors that the device reports, newest first."""
    listed = status.get("errors")
    entries = [e for e in listed if isinstance(e, dict)] if isinstance(listed, list) else []
    newest = entries[-_ERRORS_SHOWN:][::-1]
    return [(moment(e.get("time")), str(e.get("text", ""))[:_TEXT_LIMIT]) for e in newest]


def log(status: dict[str, Any]) -> list[str]:
    """Return the last lines of the device's log."""
    lines = status.get("log")
    return [str(line)[:_TEXT_LIMIT] for line in lines[-200:]] if isinstance(lines, list) else []


def signal_dbm(status: dict[str, Any]) -> list[float]:
    """Return the signal strengths in dBm that the device measured, newest last."""
    values = status.get("rssi_dbm")
    values = values if isinstance(values, list) else [values]
    found = [number(value) for value in values[-200:]]
    return [value for value in found if value is not None and -130 <= value < 0]


def facts(status: dict[str, Any], zone: tzinfo) -> list[tuple[str, str]]:
    """Return the facts of a report as (name, text)."""
    found: list[tuple[str, str]] = []
    reported = moment(status.get("time"))
    if reported:
        found.append(("reported", f"{reported.astimezone(zone):%Y-%m-%d %H:%M:%S}"))
    if status.get("version"):
        found.append(("version", str(status["version"])[:_TEXT_LIMIT]))
    up_s = number(status.get("uptime_s"))
    if up_s is not None:
        found.append(("up for", days.words(up_s)))
    for name in ("boots", "heap_free_low", "heap_largest"):
        value = number(status.get(name))
        if value is not None:
            found.append((name.replace("_", " "), f"{value:,.0f}"))
    for name, value in list(part(status, "photos").items())[:10]:
        counted = number(value)
        if counted is not None:
            found.append((f"photos {name[:40]}", f"{counted:,.0f}"))
    return found


def moment(value: object) -> datetime | None:
    """Return the UTC moment of seconds since 1970, or None if `value` is not valid."""
    seconds = number(value)
    if seconds is None or not 0 < seconds < 1e11:
        return None
    return datetime.fromtimestamp(seconds, timezone.utc)


def _lateness(status: dict[str, Any], newest: Photo | None, now: datetime) -> Finding:
    if newest is None:
        return Finding(BAD, "Photos", "no photo in the bucket yet")
    age_s = (now - newest.taken).total_seconds()
    expected_s = interval_s(status)
    age = days.words(age_s)
    if age_s < -_CLOCK_FAIR_MS / 1000 - expected_s:
        return Finding(FAIR, "Photos", f"its newest photo is {days.words(-age_s)} in the future")
    if age_s <= expected_s * _LATE_INTERVALS:
        every = f", one every {days.words(expected_s)}" if number(status.get("interval_s")) else ""
        return Finding(GOOD, "Photos", f"on time{every}")
    if not _is_due(status, newest, now):
        return Finding(GOOD, "Photos", f"last one {age} ago; by its schedule, none is due")
    if age_s <= max(_SILENT_S, expected_s * 10):
        return Finding(FAIR, "Photos", f"late: last photo {age} ago, due every {expected_s:g} s")
    return Finding(BAD, "Photos", f"silent for {age}: check power, Wi-Fi and the last error")


def _is_due(status: dict[str, Any], newest: Photo, now: datetime) -> bool:
    """Return whether photos were due since the newest one, by the schedule that it reports."""
    taken, moment = round(newest.taken.timestamp()), round(now.timestamp())
    camera = see(newest.device, status, taken, moment)
    return len(due.shots(camera, taken, moment, _LATE_INTERVALS)) == _LATE_INTERVALS


def _staleness(status: dict[str, Any], newest: Photo | None, now: datetime) -> list[Finding]:
    reported = moment(status.get("time"))
    age_s = (now - reported).total_seconds() if reported else 0
    is_asleep = status.get("sleeps") is True and newest and not _is_due(status, newest, now)
    if age_s <= _STALE_S or is_asleep:
        return []
    return [Finding(FAIR, "Health", f"last reported {days.words(age_s)} ago")]


def _backlog(status: dict[str, Any]) -> Finding | None:
    spool = part(status, "spool")
    waiting = number(spool.get("photos"))
    if waiting is None:
        return None
    if waiting <= 0:
        return Finding(GOOD, "Backlog", "no photos wait on the device")
    size = number(spool.get("bytes")) or 0
    text = f"{waiting:,.0f} photos ({size / 1e6:.1f} MB) wait on the device"
    return Finding(BAD if waiting >= _BACKLOG_BAD else FAIR, "Backlog", text)


def _signal(status: dict[str, Any]) -> Finding | None:
    values = signal_dbm(status)
    if not values:
        return None
    usual = median(values[-12:])
    if usual >= _RSSI_FAIR_DBM:
        return Finding(GOOD, "Signal", f"{usual:.0f} dBm, strong enough")
    if usual >= _RSSI_BAD_DBM:
        return Finding(
            FAIR, "Signal", f"{usual:.0f} dBm, weak: move the device or the access point"
        )
    return Finding(BAD, "Signal", f"{usual:.0f} dBm, very weak: uploads will fail")


def _reboots(status: dict[str, Any]) -> Finding | None:
    causes = {
        str(cause)[:40]: count
        for cause, value in list(part(status, "reboots").items())[:20]
        if (count := number(value)) and count > 0
    }
    worrying = {c: n for c, n in causes.items() if c.lower() not in _CALM_RESETS}
    up_s = number(status.get("uptime_s")) or 0
    if worrying and up_s > _FORGIVEN_S:
        return Finding(GOOD, "Reboots", f"none for {days.words(up_s)}")
    if not worrying:
        boots = number(status.get("boots"))
        if not boots:
            return None
        return Finding(GOOD, "Reboots", f"none unexpected ({words.count(boots, 'start')})")
    told = ", ".join(f"{count:.0f} by {cause}" for cause, count in worrying.items())
    brownout = any("brown" in cause.lower() for cause in worrying)
    remedy = ": the power supply is too weak" if brownout else ""
    return Finding(BAD if brownout else FAIR, "Reboots", f"{told}{remedy}")


def _clock(status: dict[str, Any]) -> Finding | None:
    error_ms = number(status.get("clock_error_ms"))
    if error_ms is None:
        return None
    off = abs(error_ms)
    if off < _CLOCK_FAIR_MS:
        return Finding(GOOD, "Clock", f"accurate to {off / 1000:.1f} s")
    text = f"may be wrong by {days.words(off / 1000)}: check NTP"
    return Finding(BAD if off >= _CLOCK_BAD_MS else FAIR, "Clock", text)


def _losses(status: dict[str, Any]) -> Finding | None:
    counts = part(status, "photos")
    taken = number(counts.get("taken"))
    if not taken:
        return None
    lost = [(word, number(counts.get(word)) or 0) for word in _LOSSES]
    told = ", ".join(f"{count:,.0f} {word}" for word, count in lost if count > 0)
    if not told:
        return Finding(GOOD, "Losses", f"none of {taken:,.0f} photos")
    share = sum(count for _, count in lost) / (taken + (number(counts.get("missed")) or 0))
    return Finding(FAIR if share < 0.05 else BAD, "Losses", f"{told} of {taken:,.0f} photos")


def _memory(status: dict[str, Any]) -> Finding | None:
    low = number(status.get("heap_free_low"))
    largest = number(status.get("heap_largest"))
    if low is not None and low < 0:
        text = f"the heap is {words.count(-low, 'byte')} too large, so uploads will fail"
        return Finding(BAD, "Memory", f"{text}: {_MEMORY_REMEDY}")
    told: list[str] = []
    if low is not None and low < _HEAP_LOW_BYTES:
        told.append(f"free memory fell to {words.count(low, 'byte')}")
    if largest is not None and largest < _BLOCK_LOW_BYTES:
        told.append(f"the largest free block is {words.count(largest, 'byte')}")
    if not told:
        return None
    return Finding(FAIR, "Memory", f"{', '.join(told)}: {_MEMORY_REMEDY}")


_LOOKS: tuple[Callable[[dict[str, Any]], Finding | None], ...] = (
    _backlog,
    _signal,
    _reboots,
    _clock,
    _losses,
    _memory,
)
