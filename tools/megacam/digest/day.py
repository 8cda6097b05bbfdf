"""Join the hours of a day: its index, keogram and moments, and once it is over its film.

join(store, "cam1", Calendar(zone, "Europe/Berlin"), date(2026, 11, 23), {hour.start: hour}, now)
"""

import contextlib
import io
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path

from PIL import Image

from megacam.digest import catalog, index, names, sheets
from megacam.digest.hour import FPS, films_here
from megacam.digest.index import BadIndexError, Day, Hour, Piece, Row
from megacam.digest.store import FILM_LIMIT_BYTES, Index, LostRaceError, Store, modified
from megacam.gallery import baseline, days, film, motion
from megacam.gallery.days import Gap
from megacam.gallery.refusals import PhotoMissingError

MOMENTS = 12
_APART = timedelta(minutes=5)
_TRIES = 5
# A piece that no index names may be that of a run which has not written its index yet.
_ORPHAN_AGE = timedelta(hours=1)
# Hours have digits, which sort before this; what is of the whole day begins with a letter.
_AFTER_HOURS = ":"
_STRIP_SIZE = (sheets.HOUR_COLUMNS, sheets.KEOGRAM_HEIGHT)

Changed = Mapping[datetime, Hour | None]


@dataclass(frozen=True)
class Calendar:
    """A time zone and its name."""

    zone: tzinfo
    name: str

    def days_of(self, hour: datetime) -> list[date]:
        """Return the days to which a UTC hour belongs: two if midnight is within it."""
        last = hour + timedelta(minutes=59, seconds=59)
        return sorted({days.local_day(hour, self.zone), days.local_day(last, self.zone)})

    def empty(self, device: str, day: date) -> Day:
        """Return a day of which nothing is known yet."""
        return Day(device, day, self.name, *days.bounds(day, self.zone))


def read(store: Store, device: str, calendar: Calendar, day: date) -> tuple[Day, Index]:
    """Return a day as its index says; empty if there is none.

    An index that is damaged or of another time zone has no data here: the day is then what the
    indexes of its hours say, as no run can know the hours before its span otherwise.
    """
    seen = store.read_index(names.day_index(device, day), names.FORMAT)
    empty = calendar.empty(device, day)
    if not seen.etag:
        return empty, seen
    with contextlib.suppress(BadIndexError):
        found = index.parse_day(device, seen.data)
        if (found.day, found.start, found.end) == (empty.day, empty.start, empty.end):
            return found, seen
    return replace(empty, hours=_hours(store, empty)), Index({}, seen.etag)


def join(
    store: Store,
    device: str,
    calendar: Calendar,
    day: date,
    changed: Changed,
    now: datetime,
    known: tuple[Day, Index] | None = None,
) -> bool:
    """Put the changed hours (None: gone) into a day's index; return False if it stays as it was.

    `known` is what read() returned. Another run may write meanwhile: then it reads and tries
    again. Raises BucketError.
    """
    for _ in range(_TRIES):
        old, seen = known or read(store, device, calendar, day)
        known = None
        new = _joined(store, old, changed, now)
        if new == old and seen.data:
            return False
        if not seen.etag:
            # First, so that a killed run leaves no day that nobody lists.
            catalog.add(store, device, day, calendar.zone)
        try:
            offsets = days.offsets(new.start, new.end, calendar.zone)
            data = index.day_data(new, _gaps(new), offsets)
            store.write_index(names.day_index(device, day), data, seen)
        except LostRaceError:
            continue
        if not seen.etag:
            # Again: another run may have found the day without photos meanwhile.
            catalog.add(store, device, day, calendar.zone)
        _forget(store, old, new)
        if new.over:
            named = {piece.key for piece in (new.keogram, new.film) if piece}
            sweep(store, names.day_folder(device, day), _AFTER_HOURS, named, now)
        return True
    raise LostRaceError(f"the index of {device} {day} changed {_TRIES} times meanwhile")


def sweep(store: Store, folder: str, after: str, named: set[str], now: datetime) -> None:
    """Delete the old pieces in a folder that no index names; one listing."""
    for page in store.pages(folder, f"{folder}{after}"):
        store.delete(
            [
                item["Key"]
                for item in page
                if item["Key"] not in named
                and item["Key"].endswith((".jpg", ".mp4"))
                and now - modified(item) > _ORPHAN_AGE
            ]
        )


def delete(store: Store, folder: str, after: str = "") -> None:
    """Delete everything in a folder, or what comes after `after` in it."""
    for page in store.pages(folder, f"{folder}{after}" if after else ""):
        store.delete([item["Key"] for item in page])


def remove(store: Store, device: str, day: date, zone: tzinfo) -> None:
    """Delete the index and the pieces of a day without photos, and list it no longer."""
    delete(store, names.day_folder(device, day), _AFTER_HOURS)
    catalog.remove(store, device, day)
    if store.read_index(names.day_index(device, day), names.FORMAT).etag:
        # Another run has got a late photo meanwhile.
        catalog.add(store, device, day, zone)


def choose_moments(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the keys of up to 12 photos that differ most, 5 minutes apart, in order of time."""
    ranked = sorted(
        (row for row in rows if row.cell is not None and (row.moved or row.change >= motion.MARK)),
        key=lambda row: (not row.moved, -row.change, row.photo.taken),
    )
    chosen: list[Row] = []
    for row in ranked:
        if all(abs(row.photo.taken - other.photo.taken) >= _APART for other in chosen):
            chosen.append(row)
        if len(chosen) == MOMENTS:
            break
    return tuple(row.photo.key for row in sorted(chosen, key=lambda row: row.photo))


def _joined(store: Store, old: Day, changed: Changed, now: datetime) -> Day:
    merged = {hour.start: hour for hour in old.hours} | dict(changed)
    hours = tuple(hour for _, hour in sorted(merged.items()) if hour)
    new = replace(old, hours=hours, over=now >= old.end)
    same_strips = old.keogram and _strips(new) == _strips(old)
    same_films = _films(new) == _films(old) and old.over
    return replace(
        new,
        keogram=old.keogram if same_strips else _keogram(store, new),
        film=old.film if same_films else _film(store, new),
        moments=choose_moments(new.rows()),
    )


def _hours(store: Store, day: Day) -> tuple[Hour, ...]:
    """Return the hours of a day that have an index of their own."""
    found = []
    for start in names.hours(day.start, day.end):
        seen = store.read_index(names.hour_index(day.device, start), names.FORMAT)
        with contextlib.suppress(BadIndexError):
            hour = index.parse_hour(day.device, seen.data)
            found += [hour] if hour.start == start else []
    return tuple(found)


def _gaps(day: Day) -> list[Gap]:
    """Return the gaps of a day; while it goes on, until the end of its last hour."""
    photos = [row.photo for row in day.rows()]
    last = day.hours[-1].start + timedelta(hours=1) if day.hours else day.start
    end = day.end if day.over else min(day.end, last)
    return days.gaps(photos, day.start, end) if photos else []


def _strips(day: Day) -> list[str]:
    return [hour.keogram.key for hour in day.hours if hour.keogram]


def _films(day: Day) -> list[str]:
    return [hour.film.key for hour in day.hours if hour.film]


def _forget(store: Store, old: Day, new: Day) -> None:
    """Delete the keogram and the film that the new index no longer names."""
    kept = (new.keogram, new.film)
    store.delete([piece.key for piece in (old.keogram, old.film) if piece and piece not in kept])


def _keogram(store: Store, day: Day) -> Piece | None:
    strips: list[tuple[float, Image.Image]] = []
    for hour in day.hours:
        strip = _strip(store, hour.keogram.key) if hour.keogram else None
        if strip:
            strips.append(((hour.start - day.start).total_seconds(), strip))
    if not strips:
        return None
    made = sheets.join_keograms((day.end - day.start).total_seconds(), strips)
    return _write(store, day, "keogram", made)


def _strip(store: Store, key: str) -> Image.Image | None:
    try:
        data, _ = store.read(key)
        if baseline.check(data) != _STRIP_SIZE:
            return None
        return Image.open(io.BytesIO(data), formats=("JPEG",)).convert("RGB")
    except (PhotoMissingError, OSError, ValueError):
        return None


def _film(store: Store, day: Day) -> Piece | None:
    """Return the film of a day that is over; None for another, or if a part of it is gone."""
    keys = _films(day)
    if not day.over or not keys or not films_here():
        return None
    with tempfile.TemporaryDirectory(prefix="megacam-") as folder:
        parts = [Path(folder) / f"{number}.mp4" for number in range(len(keys))]
        whole = Path(folder) / "film.mp4"
        try:
            for part, key in zip(parts, keys, strict=True):
                part.write_bytes(store.read(key, FILM_LIMIT_BYTES)[0])
            frames = film.join(parts, whole, FPS)
        except (PhotoMissingError, OSError, ValueError):
            return None
        return replace(_write(store, day, "film", whole.read_bytes()), frames=frames)


def _write(store: Store, day: Day, kind: str, data: bytes) -> Piece:
    key = names.piece(names.day_folder(day.device, day.day), kind, data)
    store.write_piece(key, data)
    return Piece(key, len(data))
