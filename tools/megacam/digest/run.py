"""Find the hours that are due by one listing of the photos, make them, and join their days.

    result = run(store, "cam1", Calendar(zone, "Europe/Berlin"), window(now), now)

Run it as often as you like, also twice at once: what is done is not done again, and what a killed
run has left is taken up.
"""

import dataclasses
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from megacam.digest import catalog, index, names
from megacam.digest import day as day_parts
from megacam.digest import hour as hour_parts
from megacam.digest.day import Calendar
from megacam.digest.hour import Listed, Wishes
from megacam.digest.index import BadIndexError, Day, Hour
from megacam.digest.store import Index, LostRaceError, Store
from megacam.gallery import photos

# A photo whose upload began before the hour ended is there by now.
GRACE = timedelta(minutes=2)
# Photos wait in the spool while the store is out of reach, most of them for less than a day.
DAYS_BACK = 2
# An hour takes some 15 s; a run without that much time leaves it to the next one.
_HOUR_TAKES_S = 90.0


@dataclasses.dataclass
class Result:
    """What a run did; `complete` is False if it ran out of time.

    `labelled` counts the photos of its hours with labels, `label_calls` the calls of the model;
    `label_note` says why it was asked no more.
    """

    device: str
    hours_seen: int = 0
    hours_made: int = 0
    photos: int = 0
    refused: int = 0
    days_written: int = 0
    complete: bool = True
    requests: dict[str, int] = dataclasses.field(default_factory=dict)
    read_bytes: int = 0
    written_bytes: int = 0
    labelled: int = 0
    label_calls: int = 0
    label_note: str = ""

    def as_data(self) -> dict[str, Any]:
        """Return the result for --json and for a log."""
        return dataclasses.asdict(self)


def window(now: datetime, days_back: float = DAYS_BACK) -> tuple[datetime, datetime]:
    """Return the span of whole hours that a run looks at: [start, end) in UTC."""
    end = names.hour_of(now - GRACE)
    return end - timedelta(days=days_back), end


def run(
    store: Store,
    device: str,
    calendar: Calendar,
    span: tuple[datetime, datetime],
    now: datetime,
    wishes: Wishes | None = None,
    *,
    seconds_left: Callable[[], float] = lambda: float("inf"),
    progress: Callable[[datetime], None] = lambda hour: None,
) -> Result:
    """Make every hour in `span` whose photos have changed, and join the days; blocks.

    `span` must begin and end at full hours, none of which is still going on. `progress` gets each
    hour that is made. Raises BucketError; what was done until then is not done again.
    """
    work = _Run(store, device, calendar, span, now, wishes or Wishes(), Result(device))
    try:
        for hour, listed in listed_hours(store, device, *span):
            work.close_days(before=hour)
            if not work.is_due(hour, listed):
                continue
            if seconds_left() < _HOUR_TAKES_S:
                work.result.complete = False
                break
            progress(hour)
            work.make(hour, listed)
        work.close_days(before=None)
        work.look_for_empty_days()
        if work.labeller:
            work.labeller.keep_counter(store, device)
    finally:
        work.result.requests = dict(store.requests)
        work.result.read_bytes = store.read_bytes
        work.result.written_bytes = store.written_bytes
        if work.labeller:
            work.result.label_calls = work.labeller.called
            work.result.label_note = work.labeller.stopped
    return work.result


def listed_hours(
    store: Store, device: str, start: datetime, end: datetime
) -> Iterator[tuple[datetime, list[Listed]]]:
    """Yield (hour, its photos) of [start, end) in order, from one listing; holds one hour."""
    first, last = photos.before_moment(device, start), photos.before_moment(device, end)
    hour, found = start, []
    for page in store.pages(photos.shared_prefix(device, start, end), first):
        for item in page:
            photo = photos.parse(item["Key"], item["Size"])
            if item["Key"] >= last:
                break
            if not photo:
                continue
            if names.hour_of(photo.taken) != hour:
                if found:
                    yield hour, found
                hour, found = names.hour_of(photo.taken), []
            found.append(Listed(photo, str(item.get("ETag", "")).strip('"')))
        else:
            continue
        break
    if found:
        yield hour, found


@dataclasses.dataclass
class _Open:
    """A day that the listing is passing through."""

    known: tuple[Day, Index]
    sources: dict[datetime, str]
    unfinished: set[datetime]
    changed: dict[datetime, Hour | None]
    seen: set[datetime]


class _Run:
    def __init__(
        self,
        store: Store,
        device: str,
        calendar: Calendar,
        span: tuple[datetime, datetime],
        now: datetime,
        wishes: Wishes,
        result: Result,
    ):
        self.result = result
        self.labeller = wishes.labeller
        self._store = store
        self._device = device
        self._calendar = calendar
        self._span = span
        self._now = now
        self._wishes = wishes
        self._open: dict[date, _Open] = {}
        self._looked_at: set[date] = set()

    def is_due(self, hour: datetime, listed: list[Listed]) -> bool:
        """Return True if a day of the hour does not know these photos, their labels or a film."""
        self.result.hours_seen += 1
        source = hour_parts.source_of(listed)
        due = False
        for day in self._calendar.days_of(hour):
            one = self._opened(day)
            one.seen.add(hour)
            due = due or one.sources.get(hour) != source or hour in one.unfinished
        return due

    def make(self, hour: datetime, listed: list[Listed]) -> None:
        """Make an hour, or take it from its index if another or a killed run has made it."""
        key = names.hour_index(self._device, hour)
        seen = self._store.read_index(key, names.FORMAT)
        made = self._parsed(seen)
        source = hour_parts.source_of(listed)
        if made is None or made.source != source or self._lacks_film(made):
            made = self._made(hour, listed, seen)
        elif made.asks_again:
            made = self._labelled(hour, made, seen)
        if made is None:
            return
        for day in self._calendar.days_of(hour):
            self._opened(day).changed[hour] = made
        # Whoever made them, and also after a run that was killed before it did this.
        day_parts.delete(self._store, f"{names.hour_folder(self._device, hour)}{names.NOW}")

    def close_days(self, before: datetime | None) -> None:
        """Join the days that end before a moment, or all."""
        for day in sorted(self._open):
            if before is None or self._open[day].known[0].end <= before:
                self._close(day, self._open.pop(day))

    def look_for_empty_days(self) -> None:
        """Clear those days of the span that the listing has not shown: they have no photos."""
        hours = names.hours(*self._span) if self.result.complete else []
        days = {day for hour in hours for day in self._calendar.days_of(hour)} - self._looked_at
        if not days:
            return
        seen = self._store.read_index(names.days_list(self._device), names.FORMAT)
        listed = catalog.parse(seen.data)
        for day in sorted(days if listed is None else days & listed):
            self._opened(day)
            self.close_days(before=None)

    def _close(self, day: date, one: _Open) -> None:
        gone = self._gone(one)
        for hour in gone:
            # Before the day forgets it, so that a killed run leaves nothing that nobody looks for.
            day_parts.delete(self._store, names.hour_folder(self._device, hour))
        self._delete_replaced(one)
        self._delete_singles(one)
        empty = not one.seen and len(gone) == len(one.sources)
        over = self._now >= one.known[0].end and not one.known[0].over and not empty
        discarded = one.known[1].etag and not one.known[1].data
        changed = {**dict.fromkeys(gone), **one.changed}
        if changed or over or discarded:
            self.result.days_written += day_parts.join(
                self._store, self._device, self._calendar, day, changed, self._now, one.known
            )
        if empty:
            day_parts.remove(self._store, self._device, day, self._calendar.zone)

    def _delete_replaced(self, one: _Open) -> None:
        """Delete the pieces of hours that were made again: a deleted photo may be on them.

        Before the day names the new ones: it is the last to know the old ones.
        """
        for old in one.known[0].hours:
            new = one.changed.get(old.start)
            folder = names.hour_folder(self._device, old.start)
            kept = new.pieces() if new else old.pieces()
            self._store.delete(
                [key for key in old.pieces() if key not in kept and key.startswith(folder)]
            )

    def _delete_singles(self, one: _Open) -> None:
        """Delete what single photos left in hours without photos, which nobody makes.

        That is once a day, and after a run that had no time for it.
        """
        day = one.known[0]
        if self._now < day.end or (day.over and not one.changed) or not self.result.complete:
            return
        start, end = self._span
        for hour in names.hours(day.start, day.end):
            if start <= hour < end and hour not in one.seen:
                folder = names.hour_folder(self._device, hour)
                day_parts.delete(self._store, f"{folder}{names.NOW}")

    def _opened(self, day: date) -> _Open:
        if day not in self._open:
            known = day_parts.read(self._store, self._device, self._calendar, day)
            sources = {hour.start: hour.source for hour in known[0].hours}
            unfinished = {hour.start for hour in known[0].hours if self._is_unfinished(hour)}
            self._open[day] = _Open(known, sources, unfinished, {}, set())
            self._looked_at.add(day)
        return self._open[day]

    def _is_unfinished(self, hour: Hour) -> bool:
        asks = self.labeller is not None and not self.labeller.stopped
        return (asks and hour.asks_again) or self._lacks_film(hour)

    def _lacks_film(self, hour: Hour) -> bool:
        return hour.lacks_film and self._wishes.wants_film

    def _gone(self, one: _Open) -> list[datetime]:
        """Return the hours of a day all photos of which were deleted since."""
        if not self.result.complete:
            return []
        start, end = self._span
        return [hour for hour in one.sources if start <= hour < end and hour not in one.seen]

    def _parsed(self, seen: Index) -> Hour | None:
        try:
            return index.parse_hour(self._device, seen.data) if seen.data else None
        except BadIndexError:
            return None

    def _made(self, hour: datetime, listed: list[Listed], seen: Index) -> Hour | None:
        try:
            data = hour_parts.make(self._store, self._device, hour, listed, self._wishes, seen)
        except LostRaceError:
            # The other run knows at least as much; if not, the next run makes up for it.
            return self._parsed(
                self._store.read_index(names.hour_index(self._device, hour), names.FORMAT)
            )
        made = index.parse_hour(self._device, data)
        self.result.hours_made += 1
        self.result.photos += len(listed)
        self.result.refused += sum(row.cell is None for row in made.rows)
        self.result.labelled += sum(row.labels is not None for row in made.rows)
        if seen.etag:
            folder = names.hour_folder(self._device, hour)
            day_parts.sweep(self._store, folder, "", set(made.pieces()), self._now)
        return made

    def _labelled(self, hour: datetime, made: Hour, seen: Index) -> Hour | None:
        """Ask again for labels for which the model failed; return the hour as it is then."""
        if self.labeller is None:
            return made
        key, data = names.hour_index(self._device, hour), seen.data
        self.labeller.label_again(self._store, self._device, data["photos"])
        found = index.parse_hour(self._device, data)
        if found == made:
            return made
        try:
            self._store.write_index(key, data, seen)
        except LostRaceError:
            return self._parsed(self._store.read_index(key, names.FORMAT))
        before = {row.photo for row in made.rows if row.labels is not None}
        self.result.labelled += sum(
            row.labels is not None and row.photo not in before for row in found.rows
        )
        return found
