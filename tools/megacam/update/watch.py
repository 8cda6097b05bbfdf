"""Decide from two looks at the cameras whether a roll-out may go on. Pure functions.

A camera's report is untrusted: a value of the wrong type counts as missing.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from megacam.untrusted import number, part, text
from megacam.words import count

# Why a camera starts again by intention, in firmware/start/supervisor.py and by an update.
_INTENDED = ("deepsleep", "soft", "config", "retry", "settings", "credentials", "usb", "update")
# The switch itself is one; a power cut is nobody's fault.
_RESTARTS = 2
# Photos vary with the Wi-Fi; fewer than this share of them is no chance.
_PHOTOS_SHARE = 0.8
_PHOTOS_FEWEST = 5
#: A trial takes an hour at most; before that, silence and success look alike.
LEAST_S = 3600
_DAY_S = 86_400
_TEXT_CHARS = 120


@dataclasses.dataclass(frozen=True)
class Sample:
    """One look at a camera: what its report says, and whether its photos are late.

    `restarts`: those that nobody intended. None and "" stand for what is not known. `fetching`:
    files that are there, and all of them.
    """

    reported: int | None = None
    late: str = ""
    version: str = ""
    config: str = ""
    interval_s: float | None = None
    keepalive_s: float | None = None
    restarts: int | None = None
    slot: str = ""
    release: int | None = None
    trial: bool = False
    back: str = ""
    refused: str = ""
    fetching: tuple[int, ...] = ()


@dataclasses.dataclass(frozen=True)
class Seen:
    """A camera before a release and now, with its photos in two spans of `span_s` seconds."""

    before: Sample
    now: Sample
    photos_before: int = 0
    photos_now: int = 0
    span_s: float = 0


def sample(report: Mapping[str, Any] | None, late: str = "") -> Sample:
    """Return what status.json says; `late`: why its photos are late, "" if they are not."""
    said = dict(report or {})
    update = part(said, "update")
    causes = said.get("reboots")
    restarts = None
    if isinstance(causes, dict):
        counts = (number(n) or 0 for cause, n in causes.items() if cause not in _INTENDED)
        restarts = round(sum(counts))
    fetching = update.get("fetching")
    numbers = [number(one) for one in fetching] if isinstance(fetching, list) else []
    release, reported = number(update.get("release")), number(said.get("time"))
    return Sample(
        reported=None if reported is None else round(reported),
        late=late,
        version=text(said.get("version"), _TEXT_CHARS),
        config=text(said.get("config"), _TEXT_CHARS),
        interval_s=number(said.get("interval_s")),
        keepalive_s=number(said.get("keepalive_s")),
        restarts=restarts,
        slot=text(update.get("slot"), _TEXT_CHARS),
        release=None if release is None else round(release),
        trial=update.get("trial") is True,
        back=text(update.get("back"), _TEXT_CHARS),
        refused=text(update.get("refused"), _TEXT_CHARS),
        fetching=tuple(round(one) for one in numbers if one is not None)[:2],
    )


def spans(pushed_at: int, now: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return ((start, end) before the push, (start, end) now) to count photos in.

    Both are at the same times of the day, at most a day long: a camera sleeps at night.
    """
    length = min(max(0, now - pushed_at), _DAY_S)
    start = pushed_at - _DAY_S
    return (start, start + length), (now - length, now)


def reasons(
    counter: int, pushed_at: int, now: int, chosen: Mapping[str, Seen], least_s: int = LEAST_S
) -> list[str]:
    """Return why release `counter` may not go to more cameras yet; [] if it may.

    `chosen` are the cameras that were to take it; half of them must have kept it.
    """
    found = [f"{name} {why}" for name, one in chosen.items() if (why := trouble(one, counter))]
    kept = [one for one in chosen.values() if has(one.now, counter) and not one.now.trial]
    trials = [name for name, one in chosen.items() if one.now.trial]
    if now - pushed_at < least_s:
        minutes = -(-(least_s - (now - pushed_at)) // 60)
        found.append(f"it is too early to tell; look again in {count(minutes, 'minute')}")
    if trials:
        found.append(f"{', '.join(trials)}: still on trial")
    elif not chosen or 2 * len(kept) < len(chosen):
        found.append(f"only {len(kept)} of {count(len(chosen), 'camera')} took it so far")
    return found


def has(now: Sample, counter: int) -> bool:
    """Return whether a camera has accepted release `counter`."""
    return now.release is not None and now.release >= counter


def trouble(one: Seen, counter: int) -> str:
    """Return what is wrong with one camera since the push, in a few words; "" for nothing."""
    before, now = one.before, one.now
    if now.refused and now.refused != before.refused:
        return f"refused it: {now.refused}"
    # Before the others: whoever dies of a release may never report it.
    if now.late and not before.late:
        return f"fell silent: {now.late}"
    if not has(now, counter):
        return ""
    if now.back:
        return f"went back: {now.back}"
    restarts = (now.restarts or 0) - (before.restarts or 0)
    if restarts > _RESTARTS:
        return f"restarted {count(restarts, 'time')}"
    return _fewer(one)


def _fewer(one: Seen) -> str:
    before, now = one.before, one.now
    wanted = float(one.photos_before)
    if before.interval_s and now.interval_s:
        wanted *= min(1, before.interval_s / now.interval_s)
    if now.keepalive_s:  # it waits for motion, and nothing may have moved
        wanted = min(wanted, one.span_s / now.keepalive_s)
    if wanted < _PHOTOS_FEWEST or one.photos_now >= wanted * _PHOTOS_SHARE:
        return ""
    return f"stored {count(one.photos_now, 'photo')} instead of about {wanted:,.0f}"
