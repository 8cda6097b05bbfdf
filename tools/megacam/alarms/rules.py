"""The rules: which problems a camera has, and which events follow from its state before.

    events, state = decide(seen, state, now)

Pure functions. `state` is what state.py keeps: "problems" {name: {"since", "calm"}} that were
told, and what the rules must remember of earlier reports. A problem is told when it begins; the
camera is well again, which is told too, when all its problems have been over for ten minutes.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

from megacam.alarms import due
from megacam.alarms.seen import Seen
from megacam.words import count, span

State = dict[str, Any]

# A missed shot, a slow upload or a retry must not cause an alarm at night.
_LATE_SHOTS = 3
_LATE_S = 300
_LOST_SHOTS = 6
_LOST_S = 3600
_SAFE_S = 3600
# The chip's clock is off by up to 5 % in deep sleep, and it sleeps for a day at the longest.
_ASLEEP_SHARE = 0.05
_LONGEST_SLEEP_S = 86_400
# Below low_mv the camera only sleeps and reports nothing, so it must be told before.
_BATTERY_LOW = 1.03
_BATTERY_WELL = 1.06
# A refusal is over when there was none for an hour.
_REFUSED_S = 3600
_GROWN_REPORTS = 3
_CALM_S = 600

WORDS = {
    "lost": "lost",
    "late": "late",
    "safe": "in safe mode",
    "battery": "battery low",
    "refused": "refused by the store",
    "backlog": "backlog growing",
}


@dataclasses.dataclass(frozen=True)
class Event:
    """What is to be told: `kind` is a key of WORDS, "update", "well" or "test"."""

    device: str
    kind: str
    time: int
    text: str


def decide(seen: Seen, state: State, now: int) -> tuple[list[Event], State]:
    """Return the events that follow, oldest first, and the state to keep; changes neither."""
    after = _remember(seen, state)
    found = problems(seen, after, now)
    told = {name: dict(entry) for name, entry in state.get("problems", {}).items()}
    events = [
        Event(seen.device, name, now, text)
        for name, text in found.items()
        # Who is lost was late before, and a camera that reports again is not late anew.
        if name not in told and not (name == "late" and "lost" in told)
    ]
    for name in found:
        told.setdefault(name, {"since": now})["calm"] = None
    after["problems"], ended = _settled(told, found, now)
    events += _update(seen, state, after, now)
    after["over"] = state.get("over", []) + ended
    if after["over"] and not after["problems"]:
        events.append(_well(seen.device, after["over"], now))
        after["over"] = []
    return events, after


def problems(seen: Seen, state: State, now: int) -> dict[str, str]:
    """Return {name: sentence} of the problems that a camera has now; `state` is decide()'s."""
    texts = {name: rule(seen, state, now) for name, rule in _RULES.items()}
    found = {name: text for name, text in texts.items() if text}
    # The worse one explains the other.
    for worse in ("lost", "safe"):
        if worse in found:
            found.pop("late", None)
    return found


def _remember(seen: Seen, state: State) -> State:
    """Return the state with what a new report adds to it."""
    after = {**state, "version": 1}
    if seen.reported is None or seen.reported == state.get("reported"):
        return after
    after["reported"] = seen.reported
    refused, known = seen.refused or 0, state.get("refused")
    if known is not None and refused > known:
        after["refused_at"], after["refused_new"] = seen.reported, refused - known
    after["refused"] = refused
    waiting = seen.waiting or 0
    # A full spool does not grow, but drops photos.
    behind, before = waiting + (seen.thinned or 0), state.get("behind")
    grown = state.get("grown", 0)
    if before is not None:
        grown = grown + 1 if behind > before and waiting else grown if behind == before else 0
    after |= {"behind": behind, "grown": grown}
    is_told = "backlog" in state.get("problems", {})
    after["peak"] = max(waiting, state.get("peak", 0)) if grown or is_told else waiting
    return after


def _lost(seen: Seen, state: State, now: int) -> str:
    owed = _owed(seen, now, _LOST_SHOTS)
    silent_s = now - seen.reported if seen.reported is not None else None
    patience_s = _LOST_S + _tolerance_s(seen, owed)
    if seen.safe_mode:
        patience_s += _SAFE_S  # on batteries it then reports once an hour
    if len(owed) < _LOST_SHOTS or now < owed[0] + patience_s:
        return ""
    if silent_s is not None and silent_s < patience_s:
        return ""
    said = f"no report for {span(silent_s)}" if silent_s is not None else "no report either"
    return f"lost: {_newest(seen, now)}, {said}; check its power and Wi-Fi{_last_battery(seen)}"


def is_late(seen: Seen, now: int) -> bool:
    """Return whether three photos were due since the newest one, the first five minutes ago."""
    owed = _owed(seen, now, _LATE_SHOTS)
    return len(owed) == _LATE_SHOTS and now >= owed[0] + _LATE_S + _tolerance_s(seen, owed)


def _late(seen: Seen, state: State, now: int) -> str:
    if not is_late(seen, now):
        return ""
    return f"late: {_newest(seen, now)}, although photos were due{_reason(seen, now)}"


def _safe(seen: Seen, state: State, now: int) -> str:
    if not seen.safe_mode:
        return ""
    cause = f" (last restart: {seen.reset_cause})" if seen.reset_cause else ""
    return f"in safe mode: it restarted too often{cause} and takes no photos{_last_error(seen)}"


def _battery(seen: Seen, state: State, now: int) -> str:
    if seen.battery_mv is None or not seen.low_mv:
        return ""
    is_told = "battery" in state.get("problems", {})
    if seen.battery_mv >= seen.low_mv * (_BATTERY_WELL if is_told else _BATTERY_LOW):
        return ""
    return f"battery low: {seen.battery_mv:,} mV; below {seen.low_mv:,} mV it only sleeps"


def _refused(seen: Seen, state: State, now: int) -> str:
    at = state.get("refused_at")
    if at is None or now - at >= _REFUSED_S:
        return ""
    number = count(state.get("refused_new", 1), "photo")
    return f"refused: the store refused {number}{_last_error(seen)}"


def _backlog(seen: Seen, state: State, now: int) -> str:
    waiting = seen.waiting or 0
    is_told = "backlog" in state.get("problems", {})
    if state.get("grown", 0) < _GROWN_REPORTS and not (
        is_told and waiting > state.get("peak", 0) / 2
    ):
        return ""
    dropped = f", {count(seen.thinned, 'photo')} dropped so far" if seen.thinned else ""
    return (
        f"backlog growing: {count(waiting, 'photo')} wait on the camera{dropped}; it takes more "
        "than its network carries"
    )


_RULES: dict[str, Callable[[Seen, State, int], str]] = {
    "lost": _lost,
    "late": _late,
    "safe": _safe,
    "battery": _battery,
    "refused": _refused,
    "backlog": _backlog,
}


def _update(seen: Seen, state: State, after: State, now: int) -> list[Event]:
    """Return the event of an update that was given up: it is no state that could end."""
    number = f"update {seen.release}" if seen.release else "the update"
    text = ""
    if seen.back:
        text = f"{number} did not work ({seen.back}); the camera went back to what it had before"
    elif seen.update_refused:
        text = f"{number} was refused by the camera: {seen.update_refused}"
    if seen.reported is not None:
        after["update"] = text
    # What was so before the first look is no news.
    is_new = text and state.get("reported") is not None and text != state.get("update", "")
    return [Event(seen.device, "update", now, text)] if is_new else []


def _settled(
    told: dict[str, dict[str, Any]], found: dict[str, str], now: int
) -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]]]:
    """Return (the problems that are not over, {"name", "since"} of those that are)."""
    left, ended = {}, []
    for name, entry in told.items():
        if name not in found:
            # A clock that was set back must not make the calm longer.
            entry["calm"] = min(entry.get("calm") or now, now)
            if now - entry["calm"] >= _CALM_S:
                ended.append({"name": name, "since": entry["since"]})
                continue
        left[name] = entry
    return left, ended


def _well(device: str, over: list[dict[str, Any]], now: int) -> Event:
    names = ", ".join(dict.fromkeys(WORDS[one["name"]] for one in over))
    since = min(one["since"] for one in over)
    return Event(device, "well", now, f"well again after {span(now - since)} ({names})")


def _owed(seen: Seen, now: int, most: int) -> list[int]:
    """Return the first `most` times at which a photo was due after the newest one."""
    since = seen.photo_time
    if since is None and seen.reported is not None:
        since = seen.reported - (seen.uptime_s or 0)
    return [] if since is None else due.shots(seen, since, now, most)


def _tolerance_s(seen: Seen, owed: list[int]) -> float:
    if not seen.sleeps or not owed:
        return 0
    asleep_s = owed[0] - (seen.photo_time or owed[0])
    return min(asleep_s, _LONGEST_SLEEP_S) * _ASLEEP_SHARE


def _newest(seen: Seen, now: int) -> str:
    if seen.photo_time is None:
        return "no photo yet"
    return f"no photo for {span(now - seen.photo_time)}"


def _reason(seen: Seen, now: int) -> str:
    if seen.reported is None:
        return ""
    if seen.photo_time is None or seen.reported > seen.photo_time:
        return f"; it reports{_last_error(seen)}"
    ago = span(now - seen.reported)
    return f"; its last report is {ago} old: check its power and Wi-Fi{_last_battery(seen)}"


def _last_error(seen: Seen) -> str:
    is_recent = seen.error_time is None or seen.error_time >= (seen.photo_time or 0) - _LOST_S
    return f"; its last error: {seen.error}" if seen.error and is_recent else ""


def _last_battery(seen: Seen) -> str:
    return f"; its battery had {seen.battery_mv:,} mV" if seen.battery_mv is not None else ""
