"""Make a time-lapse from the photos of a span: MP4 (H.264, plays everywhere) or animated WebP.

    made = make(bucket, "cam1", start, end, Path("day.mp4"), fps=24, progress=print)

A few threads read the photos just ahead of the encoder; only those are in memory.
"""

import itertools
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from megacam.errors import MegacamError
from megacam.gallery import film, pictures
from megacam.gallery.bucket import Bucket
from megacam.gallery.photos import Photo
from megacam.gallery.refusals import PhotoMissingError

FORMATS = ("mp4", "webp")
FPS_RANGE = (1, 60)
WIDTH_RANGE = (160, 2592)
# A day with a photo every 30 s has 2,880; this is five such days, or ten minutes of film.
FRAMES_LIMIT = 14_400
_AHEAD = 8
# From this interval on, one request per photo is cheaper than listing all photos in between.
_PROBE_EVERY_S = 4 * 3600
_PROBES_LIMIT = 4_000

Progress = Callable[[int, int], None]


class TimelapseError(MegacamError):
    """The time-lapse cannot be made as asked; the message says what to change."""


class CancelledError(MegacamError):
    """The work was cancelled."""


@dataclass(frozen=True)
class Made:
    """A finished time-lapse; `skipped` counts photos that were damaged, deleted or archived."""

    path: Path
    frames: int
    skipped: int
    seconds: float
    size_bytes: int


def make(
    bucket: Bucket,
    device: str,
    start: datetime,
    end: datetime,
    path: Path,
    *,
    fps: int = 24,
    width: int = 1280,
    every_s: float = 0,
    stamp: tzinfo | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Made:
    """Write the photos in [start, end) to `path`, in the format of its suffix; blocks.

    The suffix is .mp4 or .webp. `every_s` keeps one photo per `every_s` seconds (0: every photo).
    `stamp` writes the time into the pictures, in that zone. `progress` gets (frames done, total).
    Raises TimelapseError, CancelledError and bucket errors.
    """
    _check(path, fps, width)
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        photos = choose(bucket, device, start, end, every_s, cancelled)
        counts = _Counts(len(photos), progress or (lambda done, total: None), cancelled)
        film.encode(part, _frames(bucket, photos, width, stamp, counts), fps)
        part.replace(path)
    except OSError as error:
        # FFmpeg's errors are OSErrors, too: a full disk, or a folder without write permission.
        raise TimelapseError(f"{path} cannot be written: {error}") from error
    finally:
        part.unlink(missing_ok=True)
    frames = counts.done - counts.skipped
    return Made(path, frames, counts.skipped, frames / fps, path.stat().st_size)


def choose(
    bucket: Bucket,
    device: str,
    start: datetime,
    end: datetime,
    every_s: float = 0,
    cancelled: Callable[[], bool] = lambda: False,
) -> list[Photo]:
    """Return the photos that a time-lapse would show; blocks.

    If they are far apart, each one is looked up by itself, without listing the ones in between.
    """
    if end <= start:
        raise TimelapseError("the end is not after the start")
    if every_s >= _PROBE_EVERY_S:
        found = _probe(bucket, device, start, end, every_s, cancelled)
    else:
        found = _list(bucket, device, start, end, every_s, cancelled)
    if not found:
        raise TimelapseError(f"{device} has no photos in this span: choose another one")
    return found


def _check(path: Path, fps: int, width: int) -> None:
    if path.suffix.lstrip(".") not in FORMATS:
        raise TimelapseError(f"{path.name}: the name must end in .mp4 or .webp")
    if not path.parent.is_dir():
        raise TimelapseError(f"there is no folder {path.parent} for {path.name}: make it first")
    for name, value, (low, high) in (("fps", fps, FPS_RANGE), ("width", width, WIDTH_RANGE)):
        if not low <= value <= high:
            raise TimelapseError(f"{name} {value} is out of range: {low} to {high}")


def _list(
    bucket: Bucket,
    device: str,
    start: datetime,
    end: datetime,
    every_s: float,
    cancelled: Callable[[], bool],
) -> list[Photo]:
    found: list[Photo] = []
    due = start
    first = start
    while first < end:
        if cancelled():
            raise CancelledError("cancelled")
        last = min(end, first + timedelta(days=1))
        for photo in bucket.photos(device, first, last):
            if photo.taken >= due:
                found.append(photo)
                steps = (photo.taken - start).total_seconds() // every_s + 1 if every_s else 0
                due = start + timedelta(seconds=steps * every_s)
        if len(found) > FRAMES_LIMIT:
            raise TimelapseError(
                f"more than {FRAMES_LIMIT:,} photos: choose a shorter span, or fewer photos of it"
            )
        first = last
    return found


def _probe(
    bucket: Bucket,
    device: str,
    start: datetime,
    end: datetime,
    every_s: float,
    cancelled: Callable[[], bool],
) -> list[Photo]:
    count = int((end - start).total_seconds() // every_s) + 1
    if count > _PROBES_LIMIT:
        raise TimelapseError(f"more than {_PROBES_LIMIT:,} photos: choose fewer per day")
    steps = [start + timedelta(seconds=n * every_s) for n in range(count)]

    def first(moment: datetime) -> Photo | None:
        if cancelled():
            return None
        return bucket.first(device, moment, min(end, moment + timedelta(seconds=every_s)))

    with ThreadPoolExecutor(_AHEAD, "probe") as readers:
        found = [photo for photo in readers.map(first, steps) if photo]
    if cancelled():
        raise CancelledError("cancelled")
    return found


class _Counts:
    """Counts photos, reports the progress and stops the work when it is cancelled."""

    def __init__(self, total: int, progress: Progress, cancelled: Callable[[], bool]):
        self.total = total
        self.done = 0
        self.skipped = 0
        self._progress = progress
        self._cancelled = cancelled

    def next(self, *, skipped: bool) -> None:
        self.done += 1
        self.skipped += skipped
        self._progress(self.done, self.total)
        self.check()

    def check(self) -> None:
        if self._cancelled():
            raise CancelledError("cancelled")


def _frames(
    bucket: Bucket,
    photos: Sequence[Photo],
    width: int,
    stamp: tzinfo | None,
    counts: _Counts,
) -> Iterator[Image.Image]:
    """Yield the pictures in order, all in the size of the first one, and read ahead."""
    size: tuple[int, int] | None = None
    for photo, picture in _ahead(bucket, photos, width, counts):
        if picture is None:
            counts.next(skipped=True)
            continue
        size = size or pictures.even(picture.size)
        picture = pictures.fitted(picture, size)
        if stamp is not None:
            _burn(picture, photo.taken.astimezone(stamp))
        yield picture
        counts.next(skipped=False)
    if size is None:
        raise TimelapseError(
            "none of the photos could be read: all are damaged, deleted or archived (Glacier)"
        )


def _ahead(
    bucket: Bucket, photos: Sequence[Photo], width: int, counts: _Counts
) -> Iterator[tuple[Photo, Image.Image | None]]:
    def read(photo: Photo) -> Image.Image | None:
        try:
            return pictures.open_photo(bucket.read(photo.key), width)
        except PhotoMissingError:
            return None

    readers = ThreadPoolExecutor(_AHEAD // 2, "timelapse")
    waiting: deque[tuple[Photo, Future[Image.Image | None]]] = deque()
    try:
        coming = iter(photos)
        for photo in itertools.islice(coming, _AHEAD):
            waiting.append((photo, readers.submit(read, photo)))
        while waiting:
            counts.check()
            photo, future = waiting.popleft()
            picture = future.result()
            for another in itertools.islice(coming, 1):
                waiting.append((another, readers.submit(read, another)))
            yield photo, picture
    finally:
        readers.shutdown(wait=False, cancel_futures=True)


def _burn(picture: Image.Image, when: datetime) -> None:
    height = max(12, picture.height // 24)
    font = ImageFont.load_default(height)
    place = (height // 2, picture.height - height // 2)
    ImageDraw.Draw(picture).text(
        place,
        f"{when:%Y-%m-%d %H:%M:%S}",
        "white",
        font,
        anchor="ls",
        stroke_width=max(1, height // 10),
        stroke_fill="black",
    )


def default_name(device: str, start: datetime, suffix: str = ".mp4") -> str:
    """Return a file name for a time-lapse of a device that begins at `start`."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "-" for c in device)
    return f"{plain}-{start.astimezone(timezone.utc):%Y%m%d-%H%M%S}{suffix}"
