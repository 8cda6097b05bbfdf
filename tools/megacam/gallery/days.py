"""Divide a day into hours and slots, and find its gaps and their causes. Pure functions.

Moments are UTC; the caller passes the time zone in which days begin and end.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from statistics import median

from megacam.gallery.photos import Photo

# The firmware's default interval, used for a span with too few photos to measure it.
DEFAULT_INTERVAL_S = 30.0
# A late shot is at most one interval late; three missing shots make a gap.
_GAP_INTERVALS = 3.0
_THIN_INTERVALS = 1.6
_THIN_RUN = 3
_PAUSE_SLACK_S = 900
# One empty night may be an outage, and two may be chance; the third in a row is a schedule.
PATTERN_DAYS = 2
_PAUSE_MIN_S = 3600

OUTAGE, PAUSE, THINNED = "outage", "pause", "thinned"


@dataclass(frozen=True)
class Gap:
    """A span without photos, or with fewer if thinned; `start` and `end` are UTC."""

    start: datetime
    end: datetime
    kind: str

    @property
    def seconds(self) -> float:
        """The length of the gap in seconds."""
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True)
class Slot:
    """A cell of the grid: the photos in [start, end), or the gap that makes it empty."""

    start: datetime
    end: datetime
    photos: tuple[Photo, ...]
    gap: Gap | None


def bounds(day: date, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return the UTC start and end of a calendar day in a zone (23 to 25 hours)."""
    start = datetime.combine(day, time(), tzinfo=zone)
    end = datetime.combine(day + timedelta(days=1), time(), tzinfo=zone)
    return start.astimezone(timezone.utc), end.astimezone(timezone.utc)


def local_day(moment: datetime, zone: tzinfo) -> date:
    """Return the calendar day of a moment in a zone."""
    return moment.astimezone(zone).date()


def interval_s(photos: Sequence[Photo]) -> float:
    """Return the median time between two photos in seconds, which gaps do not distort."""
    steps = [s for s in _steps(photos) if s > 0]
    return float(median(steps)) if len(steps) >= 2 else DEFAULT_INTERVAL_S


def gaps(
    photos: Sequence[Photo],
    start: datetime,
    end: datetime,
    earlier: Sequence[Sequence[Photo]] = (),
) -> list[Gap]:
    """Return the gaps in [start, end), in order.

    `earlier` are the photos of the PATTERN_DAYS days before, latest day first. If the same hours
    are empty on each of these days, the gap is a pause (a night, a schedule) and no outage. `end`
    must not be later than now, or the future would be a gap.
    """
    step_s = _base_interval_s(photos)
    before = [_holes_of_day(day, start, n, step_s) for n, day in enumerate(earlier, 1)]
    found = [
        Gap(a, b, PAUSE if _is_pause(a, b, before, start) else OUTAGE)
        for a, b in _holes(photos, start, end, step_s)
    ]
    return sorted([*found, *_thinned(photos, step_s)], key=lambda gap: gap.start)


def slots(
    photos: Sequence[Photo], start: datetime, end: datetime, slot_s: int, found: Sequence[Gap]
) -> list[Slot]:
    """Cut [start, end) into cells of `slot_s` seconds."""
    count = math.ceil((end - start).total_seconds() / slot_s)
    cells: list[list[Photo]] = [[] for _ in range(count)]
    for photo in photos:
        index = int((photo.taken - start).total_seconds() // slot_s)
        if 0 <= index < count:
            cells[index].append(photo)
    made = []
    for index, cell in enumerate(cells):
        first = start + timedelta(seconds=index * slot_s)
        last = min(end, first + timedelta(seconds=slot_s))
        made.append(Slot(first, last, tuple(cell), None if cell else _gap_at(found, first, last)))
    return made


def offsets(start: datetime, end: datetime, zone: tzinfo) -> list[tuple[int, int]]:
    """Return (from this UTC second on, seconds east of UTC) for the start and each change."""
    found: list[tuple[int, int]] = []
    moment = start
    while moment < end:
        shift = moment.astimezone(zone).utcoffset() or timedelta()
        if not found or found[-1][1] != int(shift.total_seconds()):
            found.append((int(moment.timestamp()), int(shift.total_seconds())))
        moment += timedelta(minutes=30)
    return found


def words(seconds: float) -> str:
    """Return a duration in words: "48 s", "12 min", "3 h 20 min", "5 days"."""
    seconds = max(0, round(seconds))
    if seconds < 90:
        return f"{seconds} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    hours, minutes = divmod(round(seconds / 60), 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes and hours < 10 else f"{hours} h"
    return f"{hours // 24} days"


def _steps(photos: Sequence[Photo]) -> list[float]:
    return [(b.taken - a.taken).total_seconds() for a, b in itertools.pairwise(photos)]


def _base_interval_s(photos: Sequence[Photo]) -> float:
    """Return the lower quartile of the steps: the set interval, even if half a day is thinned."""
    steps = sorted(s for s in _steps(photos) if s > 0)
    return steps[len(steps) // 4] if len(steps) >= 2 else DEFAULT_INTERVAL_S


def _holes(
    photos: Sequence[Photo], start: datetime, end: datetime, step_s: float
) -> list[tuple[datetime, datetime]]:
    if not photos:
        return [(start, end)] if end > start else []
    moments = [start, *(photo.taken for photo in photos), end]
    limit = timedelta(seconds=step_s * _GAP_INTERVALS)
    thin = _thin_steps(photos, step_s)
    return [
        (a, b)
        for index, (a, b) in enumerate(itertools.pairwise(moments))
        if b - a > limit and (index - 1) not in thin
    ]


def _thin_steps(photos: Sequence[Photo], step_s: float) -> set[int]:
    """Return the indexes of steps in a run of equal, too long steps, as a thinned spool leaves."""
    steps = _steps(photos)
    thin: set[int] = set()
    run: list[int] = []
    for index, step in enumerate([*steps, 0.0]):
        wide = step > step_s * _THIN_INTERVALS
        if wide and (not run or abs(step - steps[run[0]]) <= step_s * 0.5):
            run.append(index)
            continue
        if len(run) >= _THIN_RUN:
            thin.update(run)
        run = [index] if wide else []
    return thin


def _thinned(photos: Sequence[Photo], step_s: float) -> list[Gap]:
    found: list[Gap] = []
    for index in sorted(_thin_steps(photos, step_s)):
        start, end = photos[index].taken, photos[index + 1].taken
        if found and found[-1].end == start:
            found[-1] = Gap(found[-1].start, end, THINNED)
        else:
            found.append(Gap(start, end, THINNED))
    return found


def _holes_of_day(
    photos: Sequence[Photo], start: datetime, days_before: int, step_s: float
) -> list[tuple[datetime, datetime]]:
    """Return the holes of an earlier day, shifted onto the day that begins at `start`."""
    back = timedelta(days=days_before)
    holes = _holes(photos, start - back, start - back + timedelta(days=1), step_s)
    # A day without any photos is not a pattern: the camera was off.
    return [(a + back, b + back) for a, b in holes if b - a < timedelta(hours=23)]


def _is_pause(
    a: datetime,
    b: datetime,
    before: Sequence[Sequence[tuple[datetime, datetime]]],
    start: datetime,
) -> bool:
    """Return whether each of the PATTERN_DAYS days before was empty in the same hours."""
    if (b - a).total_seconds() < _PAUSE_MIN_S or len(before) < PATTERN_DAYS:
        return False
    slack = timedelta(seconds=_PAUSE_SLACK_S)
    whole_day = start + timedelta(days=1)
    return all(
        any(c - slack <= a and b <= min(d, whole_day) + slack for c, d in holes)
        for holes in before
    )


def _gap_at(found: Sequence[Gap], start: datetime, end: datetime) -> Gap | None:
    inside = [gap for gap in found if gap.start < end and gap.end > start]
    return inside[0] if inside else None
