"""Read the digest, where there is one: thumbnails cut from sheets, keograms, moments and motion.

    found = Digests(bucket, thumbnails).of_span("cam1", start, end)

docs/digest.md describes the objects. Without a digest, or for a photo that is not in it yet, the
gallery does as if there were none.
"""

import io
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from PIL import Image

from megacam.digest import catalog, index, names, sheets, upload
from megacam.digest.index import BadIndexError, Day, Hour, Row
from megacam.gallery import baseline
from megacam.gallery.bucket import Bucket
from megacam.gallery.photos import Photo
from megacam.gallery.refusals import PhotoMissingError
from megacam.gallery.thumbnails import Thumbnails

INDEX_LIMIT_BYTES = 16 << 20
FILM_LIMIT_BYTES = 256 << 20
_QUALITY = 88
# A day that goes on gets a new hour 24 times; one that is over hardly changes any more.
_FRESH_S = 60
_SETTLED_S = 300
_LISTED_S = 20
_DAYS_CACHED = 64
# A decoded sheet of 120 thumbnails has 7 MB.
_SHEETS_CACHED = 6


@dataclass(frozen=True)
class Strip:
    """A day's keogram: its key and what it spans, in UTC."""

    key: str
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Digest:
    """What the digest knows of a span: the camera's days that overlap it."""

    days: tuple[Day, ...]

    def strips(self) -> list[Strip]:
        """Return the keograms."""
        return [Strip(d.keogram.key, d.start, d.end) for d in self.days if d.keogram]

    def rows(self) -> dict[str, Row]:
        """Return the photos by key."""
        return {row.photo.key: row for day in self.days for row in day.rows()}

    def label_names(self) -> set[str]:
        """Return all labels of its photos."""
        return {name for row in self.rows().values() for name, _ in row.labels or ()}

    def labelled(self, wanted: str) -> list[Row]:
        """Return the photos with a label that contains `wanted`, in order of time."""
        return [row for row in self.rows().values() if fits(row, wanted)]

    def moved(self, photos: Sequence[Photo]) -> frozenset[str] | None:
        """Return the keys of photos with motion, or None if it does not know all of them."""
        known = self.rows()
        if not photos or any(photo.key not in known for photo in photos):
            return None
        return frozenset(photo.key for photo in photos if known[photo.key].moved)


def fits(row: Row, wanted: str) -> bool:
    """Return True if a label of the photo contains `wanted`, in whatever case."""
    return any(wanted.casefold() in name.casefold() for name, _ in row.labels or ())


class Digests:
    """The digests of a bucket, read when they are asked for; thread-safe, calls block."""

    def __init__(self, bucket: Bucket, thumbnails: Thumbnails):
        self._bucket = bucket
        self._thumbnails = thumbnails
        self._lock = threading.Lock()
        self._days: OrderedDict[tuple[str, date], tuple[float, Day | None]] = OrderedDict()
        self._sheets: OrderedDict[str, Image.Image] = OrderedDict()
        self._listed: dict[str, tuple[float, frozenset[str]]] = {}
        self._catalogs: dict[str, tuple[float, frozenset[date] | None]] = {}
        self._reading: dict[str, Future[Image.Image]] = {}

    def of_span(self, device: str, start: datetime, end: datetime, local: date) -> Digest | None:
        """Return the digest of the viewer's day `local`, or None if there is none.

        One request, or two if the camera's time zone is not the viewer's.
        """
        day = self.of_day(device, local)
        if day is None:
            return None
        around = [day]
        if day.start > start:
            around.append(self.of_day(device, local - timedelta(days=1)) or day)
        if day.end < end:
            around.append(self.of_day(device, local + timedelta(days=1)) or day)
        return Digest(tuple(sorted(set(around), key=lambda one: one.start)))

    def days(self, device: str) -> frozenset[date] | None:
        """Return the days that have a digest, as far as they are listed; None without a list."""
        with self._lock:
            until_s, found = self._catalogs.get(device, (0.0, None))
        if time.monotonic() >= until_s:
            data = self._bucket.json(names.days_list(device))
            found = catalog.parse(data) if data else None
            with self._lock:
                self._catalogs[device] = time.monotonic() + _FRESH_S, found
        return found

    def of_day(self, device: str, day: date) -> Day | None:
        """Return a calendar day of the camera's zone."""
        wanted = device, day
        with self._lock:
            until_s, found = self._days.get(wanted, (0.0, None))
        if time.monotonic() < until_s:
            return found
        found = self._read_day(device, day)
        keep_s = _SETTLED_S if found and found.over else _FRESH_S
        with self._lock:
            self._days[wanted] = time.monotonic() + keep_s, found
            while len(self._days) > _DAYS_CACHED:
                self._days.popitem(last=False)
        return found

    def thumbnail(self, photo: Photo, local: date) -> bytes | None:
        """Return the small JPEG of a photo, or None if the digest of its day has none."""
        day = self.of_day(photo.device, local)
        if day and not day.start <= photo.taken < day.end:
            beside = timedelta(days=1 if photo.taken >= day.end else -1)
            day = self.of_day(photo.device, local + beside)
        cut = self._cut(day, photo) if day else None
        return cut or self._single(photo)

    def forget(self, device: str) -> None:
        """Read the days of a device again."""
        with self._lock:
            for key in [key for key in self._days if key[0] == device]:
                del self._days[key]

    def _read_day(self, device: str, day: date) -> Day | None:
        data = self._bucket.json(names.day_index(device, day), INDEX_LIMIT_BYTES)
        if data is None or data.get("format") != names.FORMAT:
            return None
        try:
            return index.parse_day(device, data)
        except BadIndexError:
            return None

    def _cut(self, day: Day, photo: Photo) -> bytes | None:
        start = names.hour_of(photo.taken)
        hour = next((one for one in day.hours if one.start == start), None)
        row = next((one for one in hour.rows if one.photo == photo), None) if hour else None
        if hour is None or row is None or row.cell is None:
            return None
        sheet = self._sheet(_sprite(hour, row.cell))
        box = sheets.place(row.cell)
        if sheet is None or sheet.height < box[3]:
            self.forget(photo.device)
            return None
        return sheets.jpeg(sheet.crop(box), _QUALITY)

    def _single(self, photo: Photo) -> bytes | None:
        """Return the thumbnail that was made on upload, if the photo's hour is not done yet."""
        if self._bucket.now() - photo.taken > upload.LATE:
            return None
        key = upload.key_of(photo)
        if key not in self._singles(key.rpartition("/")[0] + "/"):
            return None
        try:
            data = self._thumbnails.kept(key, lambda: self._bucket.read(key))
            baseline.check(data)
        except PhotoMissingError:
            return None
        return data

    def _singles(self, folder: str) -> frozenset[str]:
        with self._lock:
            until_s, found = self._listed.get(folder, (0.0, frozenset()))
        if time.monotonic() >= until_s:
            found = self._bucket.names(folder)
            with self._lock:
                self._listed = {folder: (time.monotonic() + _LISTED_S, found)}
        return found

    def _sheet(self, key: str) -> Image.Image | None:
        """Return a decoded sheet; parallel calls for one share its request."""
        with self._lock:
            if key in self._sheets:
                self._sheets.move_to_end(key)
                return self._sheets[key]
            coming = self._reading.get(key)
            mine = coming is None
            if coming is None:
                coming = self._reading[key] = Future()
        if mine:
            self._load(key, coming)
        try:
            return coming.result()
        except (PhotoMissingError, OSError, ValueError, SyntaxError):
            return None

    def _load(self, key: str, coming: "Future[Image.Image]") -> None:
        try:
            data = self._thumbnails.kept(key, lambda: self._bucket.read(key))
            if baseline.check(data)[0] != sheets.COLUMNS * sheets.CELL[0]:
                raise PhotoMissingError(f"{key} is no sheet of thumbnails")
            sheet = Image.open(io.BytesIO(data), formats=("JPEG",)).convert("RGB")
            with self._lock:
                self._sheets[key] = sheet
                while len(self._sheets) > _SHEETS_CACHED:
                    self._sheets.popitem(last=False)
            coming.set_result(sheet)
        except Exception as error:
            coming.set_exception(error)
        finally:
            with self._lock:
                self._reading.pop(key, None)


def _sprite(hour: Hour, cell: int) -> str:
    return hour.sprites[cell // sheets.A_SHEET].key
