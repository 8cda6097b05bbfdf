"""Read and write the indexes of hours and days; docs/digest.md describes them. Pure functions.

    day = parse_day("cam1", json.loads(data))

An index is untrusted: whoever holds the camera's key could have written it. What is read here has
the right types, names only photos and pieces of its own device, and has text of a limited length.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from megacam.digest import models, names, sheets
from megacam.digest.models import Labels
from megacam.gallery import photos
from megacam.gallery.days import Gap
from megacam.gallery.photos import Photo

_TEXT_LIMIT = 200
_ROWS_LIMIT = 100_000
_BYTES_LIMIT = 1 << 40
# What the words of somebody else can raise while they are taken apart.
_FAULTS = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)
CELLS = {
    "width": sheets.CELL[0],
    "height": sheets.CELL[1],
    "columns": sheets.COLUMNS,
    "a_sheet": sheets.A_SHEET,
}


class BadIndexError(ValueError):
    """This is no index of ours."""


@dataclass(frozen=True)
class Piece:
    """A sprite, keogram or film: its key and size; `frames` only of a film."""

    key: str
    size_bytes: int
    frames: int = 0


@dataclass(frozen=True)
class Row:
    """One photo: its cell in the sheets of its hour, or None if it was refused, and its motion.

    `labels` is None if no model was asked, or if it failed; `label_asks` says how often it may be
    asked again.
    """

    photo: Photo
    cell: int | None
    change: float = 0.0
    moved: bool = False
    refused: str = ""
    labels: Labels | None = None
    label_asks: int = 0


@dataclass(frozen=True)
class Hour:
    """A UTC hour; `source` identifies the photos of which it was made.

    `film_tried`: FFmpeg has not taken these photos.
    """

    start: datetime
    source: str
    rows: tuple[Row, ...] = ()
    sprites: tuple[Piece, ...] = ()
    keogram: Piece | None = None
    film: Piece | None = None
    film_tried: bool = False

    @property
    def lacks_film(self) -> bool:
        """Whether it was made without a film and could have one."""
        return bool(self.sprites) and not self.film and not self.film_tried

    @property
    def asks_again(self) -> bool:
        """Whether a model failed for some of its photos and may be asked again."""
        return any(row.label_asks for row in self.rows)

    def pieces(self) -> list[str]:
        """Return the keys of all pieces."""
        found = [*self.sprites, self.keogram, self.film]
        return [piece.key for piece in found if piece]


@dataclass(frozen=True)
class Day:
    """A calendar day of the camera's zone, with the hours that are done so far."""

    device: str
    day: date
    zone: str
    start: datetime
    end: datetime
    hours: tuple[Hour, ...] = ()
    over: bool = False
    keogram: Piece | None = None
    film: Piece | None = None
    moments: tuple[str, ...] = field(default=())

    def rows(self) -> list[Row]:
        """Return the photos of the day in order of time; edge hours belong to two days."""
        found = [row for hour in self.hours for row in hour.rows]
        return [row for row in found if self.start <= row.photo.taken < self.end]


def parse_hour(device: str, data: Mapping[str, Any]) -> Hour:
    """Return the hour of its index; raises BadIndexError."""
    try:
        start = names.moment(data["start"])
        rows = tuple(_hour_row(device, one) for one in _list(data["photos"]))
        return _checked(
            Hour(
                start,
                _word(data["source"]),
                rows,
                tuple(_piece(device, one) for one in _list(data["sprites"])),
                _optional(device, data["keogram"]),
                _optional(device, data["film"]),
                data.get("film_tried") is True,
            )
        )
    except _FAULTS as error:
        raise BadIndexError(f"not an index of {device}: {error}") from error


def parse_day(device: str, data: Mapping[str, Any]) -> Day:
    """Return the day of its index; raises BadIndexError."""
    try:
        day = Day(
            device,
            date.fromisoformat(data["day"]),
            _word(data["zone"]),
            names.moment(data["start"]),
            names.moment(data["end"]),
            _day_hours(device, data),
            data["over"] is True,
            _optional(device, data["keogram"]),
            _optional(device, data["film"]),
        )
        keys = {row.photo.key for row in day.rows()}
        moments = [one["key"] for one in _list(data["moments"]) if one["key"] in keys]
        return replace(day, moments=tuple(moments))
    except _FAULTS as error:
        raise BadIndexError(f"not an index of {device}: {error}") from error


def day_data(day: Day, gaps: Sequence[Gap], offsets: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """Return a day as JSON; `offsets` are those of its time zone, as of gallery.days.offsets()."""
    rows = [(number, row) for number, hour in enumerate(day.hours) for row in hour.rows]
    changes = {row.photo.key: row.change for _, row in rows}
    return {
        "format": names.FORMAT,
        "device": day.device,
        "day": day.day.isoformat(),
        "zone": day.zone,
        "start": names.iso(day.start),
        "end": names.iso(day.end),
        "offsets": [list(pair) for pair in offsets],
        "over": day.over,
        "hours": [_hour_data(day.device, hour) for hour in day.hours],
        "cell": CELLS,
        "photos": [
            [r.photo.name, r.photo.size_bytes, number, r.cell, r.change, int(r.moved)]
            for number, r in rows
        ],
        "refused": {r.photo.name: r.refused for _, r in rows if r.refused},
        "labels": {r.photo.name: dict(r.labels) for _, r in rows if r.labels is not None},
        "label_asks": {r.photo.name: r.label_asks for _, r in rows if r.label_asks},
        "moments": [{"key": key, "change": changes[key]} for key in day.moments],
        "gaps": gaps_data(gaps),
        "keogram": piece_data(day.keogram, column_s=sheets.COLUMN_S),
        "film": film_data(day.film),
    }


def gaps_data(gaps: Sequence[Gap]) -> list[dict[str, str]]:
    """Return gaps as JSON."""
    return [
        {"start": names.iso(gap.start), "end": names.iso(gap.end), "kind": gap.kind}
        for gap in gaps
    ]


def piece_data(piece: Piece | None, **more: int) -> dict[str, Any] | None:
    """Return a piece as JSON, None for none."""
    return {"key": piece.key, "size": piece.size_bytes, **more} if piece else None


def film_data(piece: Piece | None, fps: int = 24) -> dict[str, Any] | None:
    """Return a film as JSON, None for none."""
    return piece_data(piece, frames=piece.frames, fps=fps) if piece else None


def tried_data(tried: bool) -> dict[str, bool]:
    """Return as JSON that no film could be made."""
    return {"film_tried": True} if tried else {}


def _hour_data(device: str, hour: Hour) -> dict[str, Any]:
    return {
        "start": names.iso(hour.start),
        "source": hour.source,
        "index": names.hour_index(device, hour.start),
        "sprites": [piece_data(piece) for piece in hour.sprites],
        "keogram": piece_data(hour.keogram, column_s=sheets.COLUMN_S),
        "film": film_data(hour.film),
        **tried_data(hour.film_tried),
    }


def _day_hours(device: str, data: Mapping[str, Any]) -> tuple[Hour, ...]:
    bare = [
        Hour(
            names.moment(one["start"]),
            _word(one["source"]),
            (),
            tuple(_piece(device, piece) for piece in _list(one["sprites"])),
            _optional(device, one["keogram"]),
            _optional(device, one["film"]),
            one.get("film_tried") is True,
        )
        for one in _list(data["hours"])
    ]
    rows: list[list[Row]] = [[] for _ in bare]
    refused, labels, asks = (data.get(name, {}) for name in ("refused", "labels", "label_asks"))
    for name, size, number, cell, change, moved in _list(data["photos"]):
        row = _row(device, f"{device}/{name}", size, cell, change, bool(moved))
        row = replace(
            row,
            refused=_text(refused.get(name, "")),
            labels=parse_labels(labels.get(name)),
            label_asks=_whole(asks.get(name, 0)),
        )
        rows[_whole(number)].append(row)
    return tuple(
        _checked(replace(hour, rows=tuple(own))) for hour, own in zip(bare, rows, strict=True)
    )


def _checked(hour: Hour) -> Hour:
    """Return the hour if its photos are of it and its cells exist; raises ValueError."""
    if hour.start != names.hour_of(hour.start):
        raise ValueError(f"{hour.start} is no full hour")
    cells = len(hour.sprites) * sheets.A_SHEET
    for row in hour.rows:
        if not hour.start <= row.photo.taken < hour.start + timedelta(hours=1):
            raise ValueError(f"{row.photo.key} is not of {hour.start}")
        if row.cell is not None and row.cell >= cells:
            raise ValueError(f"{row.photo.key} has no cell {row.cell}")
    return hour


def _hour_row(device: str, one: Mapping[str, Any]) -> Row:
    row = _row(
        device,
        one["key"],
        one["size"],
        one.get("cell"),
        one.get("change", 0),
        bool(one.get("moved")),
    )
    return replace(
        row,
        refused=_text(one.get("refused", "")),
        labels=parse_labels(one.get("labels")),
        label_asks=_whole(one.get("label_asks", 0)),
    )


def parse_labels(found: Any) -> Labels | None:
    """Return the labels of a photo as an index has them, None for none; raises ValueError."""
    if found is None:
        return None
    if not isinstance(found, dict) or len(found) > models.LABELS_MOST:
        raise ValueError("the labels of a photo are up to 10 names with scores")
    return tuple(models.checked(name, score) for name, score in found.items())


def _row(device: str, key: Any, size: Any, cell: Any, change: Any, moved: bool) -> Row:
    photo = photos.parse(key, _whole(size))
    if photo is None or photo.device != device:
        raise ValueError(f"{key!r} is not a photo of {device}")
    share = min(1.0, max(0.0, float(change)))
    return Row(photo, None if cell is None else _whole(cell), share, moved)


def _piece(device: str, one: Mapping[str, Any]) -> Piece:
    if not names.is_piece(device, one["key"]):
        raise ValueError(f"{one['key']!r} is not a piece of {device}")
    return Piece(one["key"], _whole(one["size"]), _whole(one.get("frames", 0)))


def _optional(device: str, one: Mapping[str, Any] | None) -> Piece | None:
    return _piece(device, one) if one else None


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list) or len(value) > _ROWS_LIMIT:
        raise ValueError("not a list of a usual length")
    return value


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= _BYTES_LIMIT:
        raise ValueError(f"{value!r} is not a whole number")
    return value


def _word(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _TEXT_LIMIT:
        raise ValueError(f"{value!r:.50} is not a short text")
    return value


def _text(value: Any) -> str:
    return "".join(c if c.isprintable() else "?" for c in _word(value))
