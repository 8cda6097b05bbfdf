"""The outbox: events that still have to be sent, in the state, so that none is lost.

Pure functions on state.py's state: "held" are events of the quiet hours, "outbox" messages with
the names of the senders that have not yet sent them. They take the state and return a new one.
"""

import dataclasses
import datetime
from typing import Any

from megacam.alarms import rules
from megacam.alarms.rules import Event, State

# A message that no sender takes for a day, quiet hours aside, is dropped: by then it is no news.
_KEPT_S = 86_400
_MESSAGES = 20
_HELD = 50
_FIRST_PAUSE_S = 60
_LONGEST_PAUSE_S = 3600


@dataclasses.dataclass(frozen=True)
class Quiet:
    """The hours of the day without messages, as minutes of local time; `zone` None: this PC's."""

    start_min: int
    end_min: int
    zone: datetime.tzinfo | None = None

    @property
    def length_s(self) -> int:
        """The length of a day's quiet hours in seconds."""
        return ((self.end_min - self.start_min) % 1440 or 1440) * 60

    def holds(self, now: int) -> bool:
        """Return whether `now` (UTC seconds since 1970) is within the quiet hours."""
        at = self.local(now)
        minute = at.hour * 60 + at.minute
        if self.start_min < self.end_min:
            return self.start_min <= minute < self.end_min
        return minute >= self.start_min or minute < self.end_min

    def local(self, moment: int) -> datetime.datetime:
        """Return `moment` in local time."""
        return datetime.datetime.fromtimestamp(moment, datetime.timezone.utc).astimezone(self.zone)


def add(
    state: State, events: list[Event], senders: list[str], quiet: Quiet | None, now: int
) -> State:
    """Return the state with `events` in its outbox, or held if it is quiet."""
    held = [*state.get("held", []), *(dataclasses.asdict(event) for event in events)][-_HELD:]
    is_quiet = quiet is not None and quiet.holds(now)
    kept_s = _KEPT_S + (quiet.length_s if quiet else 0)
    box = [one for one in state.get("outbox", []) if now - one["time"] < kept_s]
    if held and senders and not is_quiet:
        is_sum = quiet is not None and len(held) > 1 and held[0]["time"] < now
        made = [_summary(held, quiet, now)] if is_sum and quiet else held
        box += [{**one, "to": senders, "tries": 0, "again": 0} for one in made]
        held = []
    # Nobody to send to is no reason to keep events for ever.
    return {**state, "held": held if senders else [], "outbox": box[-_MESSAGES:]}


def ready(state: State, senders: list[str], quiet: Quiet | None, now: int) -> list[dict[str, Any]]:
    """Return the messages that some of `senders` should send now: none in the quiet hours."""
    if quiet and quiet.holds(now):
        return []
    return [
        one
        for one in state.get("outbox", [])
        if one["again"] <= now and any(name in senders for name in one["to"])
    ]


def settle(
    state: State, sent: set[tuple[str, str]], failed: set[tuple[str, str]], now: int
) -> State:
    """Return the state after a try; the sets have (identity() of a message, name of a sender)."""
    box = []
    for one in state.get("outbox", []):
        left = [name for name in one["to"] if (identity(one), name) not in sent]
        if not left:
            continue
        one = {**one, "to": left}
        if any((identity(one), name) in failed for name in left):
            pause_s = min(_FIRST_PAUSE_S << min(one["tries"], 10), _LONGEST_PAUSE_S)
            one |= {"tries": one["tries"] + 1, "again": now + pause_s}
        box.append(one)
    return {**state, "outbox": box}


def identity(message: dict[str, Any]) -> str:
    """Return a name of a message that differs from those of all others of its camera."""
    return f"{message['device']}-{message['time']}-{message['kind']}"


def _summary(held: list[dict[str, Any]], quiet: Quiet, now: int) -> dict[str, Any]:
    lines = [f"{quiet.local(one['time']):%H:%M} {one['text']}" for one in held]
    # The headline is how it stands now.
    kinds = [one["kind"] for one in reversed(held) if one["kind"] != "update"]
    text = "in the quiet hours:\n" + "\n".join(lines)
    return dataclasses.asdict(Event(held[0]["device"], [*kinds, "update"][0], now, text))


def title(message: dict[str, Any]) -> str:
    """Return the headline of a message."""
    kind = message["kind"]
    words = {"update": "update given up", "well": "well again", "test": "test message"}
    return f"{message['device']}: {words.get(kind) or rules.WORDS.get(kind, kind)}"
