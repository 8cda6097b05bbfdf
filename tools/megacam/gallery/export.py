"""Write the photos of a span as a static site, which you can put behind CloudFront, zip or mail.

    made = export(bucket, Path("site"), start, end, devices=["cam1"])

All links are relative to index.html, so the site works from a folder, a USB stick or any web
server.
"""

import hashlib
import io
import re
import shutil
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path

from dateutil import tz

from megacam.errors import MegacamError
from megacam.gallery import days, markup
from megacam.gallery.bucket import Bucket
from megacam.gallery.days import Gap
from megacam.gallery.markup import Span, Track, text
from megacam.gallery.photos import Photo
from megacam.gallery.pictures import open_photo
from megacam.gallery.refusals import PhotoMissingError
from megacam.gallery.thumbnails import WIDTH
from megacam.gallery.timelapse import CancelledError, Progress
from megacam.words import count

STATIC = Path(__file__).parent / "static"
PHOTOS_LIMIT = 100_000
_ASSETS = (*markup.STYLES, *markup.SCRIPTS, "icon.svg")
# Pages may load only the files beside them, also when opened from a folder (file://).
_POLICY = (
    "default-src 'none'; img-src 'self' file:; script-src 'self' file:; "
    "style-src 'self' 'unsafe-inline' file:"
)
_FOLDERS = ("photos", "thumbs")
_MARK = "megacam-gallery.txt"
_SLOT_S = 300
_AHEAD = 16


class ExportError(MegacamError):
    """The site cannot be written as asked; the message says what to change."""


@dataclass(frozen=True)
class Exported:
    """A finished site; `skipped` counts photos that were damaged, deleted or archived."""

    folder: Path
    photos: int
    skipped: int
    size_bytes: int


@dataclass(frozen=True)
class Day:
    """The photos of a device on one day; `folder` is the device's name in files."""

    device: str
    folder: str
    day: date
    span: Span
    photos: Sequence[Photo]

    @property
    def page(self) -> str:
        """The name of the day's page."""
        return f"{self.folder}-{self.day}.html"


def export(
    bucket: Bucket,
    folder: Path,
    start: datetime,
    end: datetime,
    *,
    devices: Sequence[str] = (),
    zone: tzinfo | None = None,
    width: int | None = None,
    every_s: float = 0,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Exported:
    """Write the photos in [start, end) and pages that show them into `folder`; blocks.

    `folder` must be new, empty or an earlier export, which is replaced. `width` shrinks the photos
    (None: original size); `every_s` keeps one photo per `every_s` seconds (0: all). Raises
    ExportError, CancelledError and bucket errors.
    """
    zone = zone or tz.tzlocal()
    found = list(days_of(bucket, _known(bucket, devices), start, end, zone, every_s))
    total = sum(len(one.photos) for one in found)
    if not 0 < total <= PHOTOS_LIMIT:
        raise ExportError(f"{total:,} photos in this span: an export has 1 to {PHOTOS_LIMIT:,}")
    counted = progress or (lambda done, total: None)
    try:
        _prepare(folder)
        missing, size = _write_photos(bucket, folder, found, width, total, counted, cancelled)
        _write_pages(folder, found, missing, zone)
    except OSError as error:
        raise ExportError(f"{folder} cannot be written: {error}") from error
    return Exported(folder, total - len(missing), len(missing), size)


def export_favourites(
    bucket: Bucket,
    folder: Path,
    favourites: Sequence[Photo],
    *,
    zone: tzinfo | None = None,
    width: int | None = None,
    progress: Progress | None = None,
) -> Exported:
    """Write one page of `favourites` into `folder`, like export(); blocks."""
    zone = zone or tz.tzlocal()
    if not favourites:
        raise ExportError("there are no favourites: star photos in `megacam gallery` first")
    by_day: dict[tuple[date, str], list[Photo]] = {}
    for photo in favourites:
        by_day.setdefault((days.local_day(photo.taken, zone), photo.device), []).append(photo)
    found = [
        Day(device, folder_name(device), day, Span(*days.bounds(day, zone), zone), taken)
        for (day, device), taken in sorted(by_day.items(), reverse=True)
    ]
    total = len(favourites)
    counted = progress or (lambda done, total: None)
    try:
        _prepare(folder)
        missing, size = _write_photos(bucket, folder, found, width, total, counted, lambda: False)
        (folder / "index.html").write_text(_favourites_page(found, missing), encoding="utf-8")
    except OSError as error:
        raise ExportError(f"{folder} cannot be written: {error}") from error
    return Exported(folder, total - len(missing), len(missing), size)


def _known(bucket: Bucket, devices: Sequence[str]) -> Sequence[str]:
    known = bucket.devices()
    for name in devices:
        if name not in known:
            raise ExportError(f"no device {name!r} in the bucket; it has: {', '.join(known)}")
    return devices or known


def days_of(
    bucket: Bucket,
    devices: Sequence[str],
    start: datetime,
    end: datetime,
    zone: tzinfo,
    every_s: float = 0,
) -> Iterator[Day]:
    """Yield the days of `zone` in [start, end) with photos, device by device."""
    for device in devices:
        day = days.local_day(start, zone)
        while days.bounds(day, zone)[0] < end:
            span = Span(*days.bounds(day, zone), zone)
            photos = bucket.photos(device, max(start, span.start), min(end, span.end))
            if photos:
                kept = _thin(photos, span.start, every_s)
                yield Day(device, folder_name(device), day, span, kept)
            day += timedelta(days=1)


def _thin(photos: Sequence[Photo], start: datetime, every_s: float) -> Sequence[Photo]:
    if every_s <= 0:
        return photos
    first: dict[int, Photo] = {}
    for photo in photos:
        first.setdefault(int((photo.taken - start).total_seconds() // every_s), photo)
    return list(first.values())


def folder_name(device: str) -> str:
    """Return a name for a device's files that is valid on any file system and in any URL."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", device)[:60].strip("-")
    if plain == device:
        return plain
    return f"{plain or 'device'}-{hashlib.sha256(device.encode()).hexdigest()[:8]}"


def _prepare(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise ExportError(f"{folder} is a file: name a folder")
    if folder.is_dir() and any(folder.iterdir()):
        if not (folder / _MARK).is_file():
            raise ExportError(f"{folder} is not empty and not an earlier export: name another")
        _clear(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARK).write_text("Written by `megacam gallery export`, which may replace it.\n")
    for name in _ASSETS:
        shutil.copyfile(STATIC / name, folder / name)


def _clear(folder: Path) -> None:
    """Remove the files of an earlier export, but no files that somebody put beside them."""
    for name in _FOLDERS:
        shutil.rmtree(folder / name, ignore_errors=True)
    for page in folder.glob("*.html"):
        page.unlink()


def _write_photos(
    bucket: Bucket,
    folder: Path,
    found: Sequence[Day],
    width: int | None,
    total: int,
    progress: Progress,
    cancelled: Callable[[], bool],
) -> tuple[frozenset[str], int]:
    """Write every photo and its thumbnail; return the missing keys and the bytes written."""
    missing: set[str] = set()
    size = 0
    wanted = ((bucket, folder, one.folder, photo, width) for one in found for photo in one.photos)
    for done, (key, written) in enumerate(_in_threads(wanted), 1):
        if cancelled():
            raise CancelledError("cancelled")
        missing |= set() if written else {key}
        size += written
        progress(done, total)
    return frozenset(missing), size


def _in_threads(
    wanted: Iterator[tuple[Bucket, Path, str, Photo, int | None]],
) -> Iterator[tuple[str, int]]:
    writers = ThreadPoolExecutor(4, "export")
    waiting: deque[tuple[str, Future[int]]] = deque()
    try:
        for job in wanted:
            waiting.append((job[3].key, writers.submit(_write_photo, *job)))
            if len(waiting) >= _AHEAD:
                key, future = waiting.popleft()
                yield key, future.result()
        for key, future in waiting:
            yield key, future.result()
    finally:
        writers.shutdown(wait=True, cancel_futures=True)


def _write_photo(bucket: Bucket, folder: Path, name: str, photo: Photo, width: int | None) -> int:
    """Write a photo and its thumbnail; return the bytes written.

    They are 0 for a photo that is damaged, deleted or archived.
    """
    try:
        data = bucket.read(photo.key)
        small = shrunk(data, WIDTH)
        data = shrunk(data, width) if width else data
    except PhotoMissingError:
        return 0
    for kind, content in zip(_FOLDERS, (data, small), strict=True):
        path = folder / kind / name / photo.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return len(data) + len(small)


def shrunk(data: bytes, width: int) -> bytes:
    """Return a photo as a JPEG of this width; raises PhotoMissingError for a damaged one."""
    made = io.BytesIO()
    open_photo(data, width).save(made, "JPEG", quality=80, optimize=True)
    return made.getvalue()


def _write_pages(
    folder: Path, found: Sequence[Day], missing: frozenset[str], zone: tzinfo
) -> None:
    shown = [
        Day(d.device, d.folder, d.day, d.span, [p for p in d.photos if p.key not in missing])
        for d in found
    ]
    shown = [one for one in shown if one.photos]
    for one in shown:
        around = [other for other in shown if other.device == one.device]
        (folder / one.page).write_text(_day_page(one, around), encoding="utf-8")
    (folder / "index.html").write_text(_index_page(shown), encoding="utf-8")


def _index_page(shown: Sequence[Day]) -> str:
    parts = []
    for device in dict.fromkeys(one.device for one in shown):
        cells = "".join(_cover(one) for one in shown if one.device == device)
        parts.append(f'<h2>{text(device)}</h2><div class="covers">{cells}</div>')
    return page("Photos", "<h1>Photos</h1>" + "".join(parts), scripts=())


def _favourites_page(found: Sequence[Day], missing: frozenset[str]) -> str:
    parts = []
    for one in found:
        shown = [photo for photo in one.photos if photo.key not in missing]
        cells = "".join(_large(one, photo) for photo in shown)
        title = f"{one.day:%A, %d %B %Y} · {one.device}"
        if shown:
            parts.append(f'<h2>{text(title)}</h2><div class="covers large">{cells}</div>')
    return page("Favourites", "<h1>Favourites</h1>" + "".join(parts), scripts=())


def _large(one: Day, photo: Photo) -> str:
    source = f"photos/{one.folder}/{photo.name}"
    when = one.span.clock(photo.taken)
    words = text(f"{one.device} at {when}")
    return (
        f'<a class="cover" href="{source}"><img loading="lazy" alt="{words}" src="{source}">'
        f"<span>{when}</span></a>"
    )


def _cover(one: Day) -> str:
    middle = one.photos[len(one.photos) // 2]
    return (
        f'<a class="cover" href="{one.page}"><img loading="lazy" alt="" '
        f'src="thumbs/{one.folder}/{middle.name}"><b>{one.day:%a %d %B %Y}</b>'
        f"<span>{count(len(one.photos), 'photo')}</span></a>"
    )


def _day_page(one: Day, around: Sequence[Day]) -> str:
    place = around.index(one)
    links = ['<a class="tool" href="index.html">All days</a>']
    if place:
        links.append(f'<a class="tool" href="{around[place - 1].page}">◀ the day before</a>')
    if place + 1 < len(around):
        links.append(f'<a class="tool" href="{around[place + 1].page}">the day after ▶</a>')
    first, last = one.photos[0].taken, one.photos[-1].taken
    track = track_of(one, around, f"photos/{one.folder}/", f"thumbs/{one.folder}/")
    gaps = track.gaps
    middle = one.photos[len(one.photos) // 2].taken
    cells = days.slots(one.photos, one.span.start, one.span.end, _SLOT_S, gaps)
    hours = [c for c in cells if c.end > first - timedelta(hours=1) and c.start <= last]
    grid = markup.grid(hours, one.span, lambda p: f"thumbs/{one.folder}/{p.name}", frozenset())
    title = f"{one.device}, {one.day:%A, %d %B %Y}"
    return page(
        title,
        f"<h1>{text(title)}</h1>{markup.player([track], one.span, middle)}"
        f'<div class="player-foot">{markup.legend([track])}{markup.keys()}</div>'
        f'<nav class="row-tools" aria-label="Days">{"".join(links)}</nav>'
        f"<h2>Hour by hour</h2>{grid}",
    )


def track_of(one: Day, around: Sequence[Day], source: str, thumbs: str) -> Track:
    """Return the track of a day in the player; `around` are the days beside it."""
    return Track(one.device, source, thumbs, one.photos, _gaps(one, around), frozenset())


def _gaps(one: Day, around: Sequence[Day]) -> list[Gap]:
    """Return the gaps between the first and the last photo; the days before tell pauses apart."""
    by_day = {other.day: other.photos for other in around}
    before = [one.day - timedelta(days=n) for n in range(1, days.PATTERN_DAYS + 1)]
    earlier = [by_day.get(day, ()) for day in before]
    first, last = one.photos[0].taken, one.photos[-1].taken
    found = days.gaps(one.photos, one.span.start, one.span.end, earlier)
    return [gap for gap in found if gap.start >= first and gap.end <= last]


def page(
    title: str,
    body: str,
    *,
    scripts: Sequence[str] = markup.SCRIPTS,
    styles: Sequence[str] = markup.STYLES,
    policy: str = _POLICY,
    head: str = "",
    before: str = "",
) -> str:
    """Return a page of a static site; `before` is HTML before its <main>, `head` in its <head>."""
    loaded = "".join(f'<script defer src="{name}"></script>' for name in scripts)
    looks = "".join(f'<link rel="stylesheet" href="{name}">' for name in styles)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f'<title>{text(title)}</title><link rel="icon" href="icon.svg">{head}'
        f"{looks}{loaded}</head>"
        f'<body class="exported">{before}<main id="main">{body}</main>'
        "<footer>Made with megacam</footer></body></html>"
    )
