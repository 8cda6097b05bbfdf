"""Make the digest of one hour: read each photo once; write sheets, keogram, film, then the index.

    index = make(store, "cam1", start, listed, Wishes(), Index({}, ""))

A photo that cannot be read is noted in the index and never stops the hour.
"""

import hashlib
import importlib.util
import itertools
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image

from megacam.digest import index, labels, names, sheets
from megacam.digest.index import BadIndexError, Piece, Row
from megacam.digest.labels import Labeller
from megacam.digest.sheets import Keogram, Sheets
from megacam.digest.store import Index, Store
from megacam.gallery import days, film, motion, pictures
from megacam.gallery.photos import Photo
from megacam.gallery.refusals import PhotoMissingError

FPS = 24
FILM_WIDTH = 640
# A photo a second; what is more than that is noted and left out.
PHOTOS_LIMIT = 3600
_READERS = 6
_AHEAD = 12
_SOURCE_DIGITS = 32
# S3 allows 2 KB of metadata; a store without that limit shall not fill the index.
_FIELDS_LIMIT = 40
_FIELD_CHARACTERS = 256


@dataclass(frozen=True)
class Listed:
    """A photo as the store lists it."""

    photo: Photo
    etag: str


@dataclass(frozen=True)
class Wishes:
    """What to make: a film or none, and the camera's score from which something moved.

    `labeller` labels photos with motion.
    """

    film: bool = True
    motion_threshold: int = 46
    labeller: Labeller | None = None

    @property
    def wants_film(self) -> bool:
        """Whether films are wanted and can be made here."""
        return self.film and films_here()


@dataclass
class _Row:
    """What is known about one photo while the hour is made."""

    listed: Listed
    cell: int | None = None
    refused: str = ""
    signature: Image.Image | None = None
    metadata: dict[str, str] | None = None


def source_of(listed: Sequence[Listed]) -> str:
    """Return the hash that identifies these photos: of their names, sizes and ETags."""
    digest = hashlib.sha256()
    for one in listed:
        digest.update(f"{one.photo.name} {one.photo.size_bytes} {one.etag}\n".encode())
    return digest.hexdigest()[:_SOURCE_DIGITS]


def films_here() -> bool:
    """Return True if PyAV is installed, without importing it."""
    return importlib.util.find_spec("av") is not None


def make(
    store: Store,
    device: str,
    start: datetime,
    listed: Sequence[Listed],
    wishes: Wishes,
    seen: Index,
) -> dict[str, Any]:
    """Write the hour from `start` on and return its index.

    `seen` is the index that is there now. Raises BucketError; LostRaceError if another run has
    written the index meanwhile.
    """
    work = _Work(store, start, listed[:PHOTOS_LIMIT], wishes)
    made, frames = work.run()
    folder = names.hour_folder(device, start)
    sprites = [_write(store, folder, "sprite", sheet) for sheet in work.sheets.close()]
    strip = _write(store, folder, "keogram", work.keogram.jpeg()) if sprites else None
    moving = _write(store, folder, "film", made, frames) if made else None
    work.rows += [_Row(one, refused="more than a photo a second") for one in listed[PHOTOS_LIMIT:]]
    rows = _photos_data(work.rows, wishes)
    single = labels.made_on_upload(store, device, start)
    labels.carry_over(rows, single, _rows_of(device, seen))
    if wishes.labeller:
        etags = {one.photo.key: one.etag for one in listed}
        wishes.labeller.label_hour(store, device, rows, etags)
    data = {
        "format": names.FORMAT,
        "device": device,
        **_about(start, listed),
        "photos": rows,
        "sprites": [index.piece_data(piece) for piece in sprites],
        "cell": index.CELLS,
        "keogram": index.piece_data(strip, column_s=sheets.COLUMN_S),
        "film": index.film_data(moving, FPS),
        **index.tried_data(bool(sprites) and not moving and wishes.wants_film),
    }
    store.write_index(names.hour_index(device, start), data, seen)
    return data


def _rows_of(device: str, seen: Index) -> Sequence[Row]:
    """Return what the index that is made anew said of its photos."""
    try:
        return index.parse_hour(device, seen.data).rows if seen.data else ()
    except BadIndexError:
        return ()


def _about(start: datetime, listed: Sequence[Listed]) -> dict[str, Any]:
    """Return what the listing alone tells of an hour."""
    taken = [one.photo for one in listed]
    end = start + timedelta(hours=1)
    return {
        "start": names.iso(start),
        "end": names.iso(end),
        "source": source_of(listed),
        "size_bytes": sum(photo.size_bytes for photo in taken),
        "interval_s": round(days.interval_s(taken), 1),
        # Of fewer photos nobody can tell how often one is due.
        "gaps": index.gaps_data(days.gaps(taken, start, end) if len(taken) > 2 else []),
    }


def has_moved(metadata: dict[str, str], threshold: int) -> bool | None:
    """Return whether the camera has seen something move, None if it did not look."""
    score = metadata.get("motion", "")
    return int(score[:9]) >= threshold if score.isdecimal() and score.isascii() else None


class _Work:
    """Reads the photos of an hour in order and draws them."""

    def __init__(self, store: Store, start: datetime, listed: Sequence[Listed], wishes: Wishes):
        self.rows = [_Row(one) for one in listed]
        self.sheets = Sheets()
        self.keogram = Keogram(_hold_s([one.photo for one in listed]))
        self._store = store
        self._start = start
        self._wishes = wishes
        self._with_film = wishes.wants_film

    def run(self) -> tuple[bytes, int]:
        """Read all photos; return the film and its frames, (b"", 0) if there is none."""
        drawn = self._pictures()
        made = b"", 0
        if self._with_film:
            made = _film(drawn)
        # Without a film, and after a film that FFmpeg did not take.
        for _ in drawn:
            pass
        return made

    def _pictures(self) -> Iterator[Image.Image]:
        """Yield each picture that could be read, after drawing it into sheet and keogram."""
        width = FILM_WIDTH if self._with_film else sheets.CELL[0]
        for row, (data, row.metadata, row.refused) in self._ahead():
            picture = None if row.refused else _decode(row, data, width)
            if picture is None:
                continue
            small = sheets.thumbnail(picture)
            row.cell = self.sheets.add(small)
            row.signature = motion.signature(small)
            second = (row.listed.photo.taken - self._start).total_seconds()
            self.keogram.add(second, small)
            yield picture

    def _ahead(self) -> Iterator[tuple[_Row, tuple[bytes, dict[str, str], str]]]:
        """Yield each row with (data, metadata, why it was refused); a few are read ahead."""
        coming = iter(self.rows)
        waiting: deque[tuple[_Row, Future[tuple[bytes, dict[str, str], str]]]] = deque()
        with ThreadPoolExecutor(_READERS, "digest") as readers:
            for row in itertools.islice(coming, _AHEAD):
                waiting.append((row, readers.submit(self._read, row)))
            try:
                while waiting:
                    row, future = waiting.popleft()
                    found = future.result()
                    for another in itertools.islice(coming, 1):
                        waiting.append((another, readers.submit(self._read, another)))
                    yield row, found
            finally:
                readers.shutdown(wait=False, cancel_futures=True)

    def _read(self, row: _Row) -> tuple[bytes, dict[str, str], str]:
        try:
            return *self._store.read(row.listed.photo.key), ""
        except PhotoMissingError as error:
            return b"", {}, str(error)


def _hold_s(taken: Sequence[Photo]) -> float:
    """Return for how long a photo stands in the keogram; of two, nobody knows the interval."""
    return 1.2 * (days.interval_s(taken) if len(taken) > 2 else 3600 / max(1, len(taken)))


def _decode(row: _Row, data: bytes, width: int) -> Image.Image | None:
    try:
        return pictures.open_photo(data, width)
    except PhotoMissingError as error:
        row.refused = str(error)
    except Exception as error:
        # Pillow raises whatever its parsers meet in a hostile file; that is this photo's trouble.
        row.refused = f"the photo cannot be decoded ({type(error).__name__})"
    return None


def _film(drawn: Iterator[Image.Image]) -> tuple[bytes, int]:
    frames = 0

    def fitted() -> Iterator[Image.Image]:
        nonlocal frames
        size: tuple[int, int] | None = None
        for picture in drawn:
            size = size or pictures.even(picture.size)
            yield pictures.fitted(picture, size)
            frames += 1

    with tempfile.TemporaryDirectory(prefix="megacam-") as folder:
        path = Path(folder) / "film.mp4"
        try:
            film.encode(path, fitted(), FPS)
            return path.read_bytes(), frames
        except (StopIteration, OSError):
            return b"", 0


def _write(store: Store, folder: str, kind: str, data: bytes, frames: int = 0) -> Piece:
    key = names.piece(folder, kind, data)
    store.write_piece(key, data)
    return Piece(key, len(data), frames)


def _photos_data(rows: Sequence[_Row], wishes: Wishes) -> list[dict[str, Any]]:
    changes = motion.scores([row.signature for row in rows])
    seen = motion.marks(changes)
    found = []
    for row, change, marked in zip(rows, changes, seen, strict=True):
        photo = row.listed.photo
        one: dict[str, Any] = {
            "key": photo.key,
            "taken": names.iso(photo.taken),
            "size": photo.size_bytes,
        }
        metadata = _short(row.metadata or {})
        if row.cell is not None:
            told = has_moved(metadata, wishes.motion_threshold)
            moved = marked if told is None else told
            one |= {"cell": row.cell, "change": round(change, 4), "moved": moved}
        one |= {"refused": row.refused} if row.refused else {}
        one |= {"meta": metadata} if metadata else {}
        found.append(one)
    return found


def _short(metadata: dict[str, str]) -> dict[str, str]:
    kept = itertools.islice(sorted(metadata.items()), _FIELDS_LIMIT)
    return {name[:_FIELD_CHARACTERS]: value[:_FIELD_CHARACTERS] for name, value in kept}
