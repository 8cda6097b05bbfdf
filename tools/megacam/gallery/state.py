"""What the pages share: the bucket, the thumbnails, the time zone, and functions for URLs.

URLs are relative, because all pages are in one folder whose name is secret (guard.py).
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from urllib.parse import quote, urlencode

from dateutil import tz

from megacam import settings
from megacam.digest import zones
from megacam.gallery import days, motion
from megacam.gallery.bucket import Bucket
from megacam.gallery.days import Gap
from megacam.gallery.digests import Digest, Digests
from megacam.gallery.favourites import Favourites
from megacam.gallery.markup import Span
from megacam.gallery.photos import Photo
from megacam.gallery.refusals import PhotoMissingError
from megacam.gallery.thumbnails import Thumbnails
from megacam.gallery.work import Work

# Photos are read in threads of their own, so that a slow S3 does not block the pages' listings.
_READERS = 8
_TOLD = "motion"  # the score in the metadata of a camera that looks for motion


@dataclass
class Gallery:
    """The state of one gallery, passed to every page; pages keep no state between visits."""

    bucket: Bucket
    thumbnails: Thumbnails
    favourites: Favourites
    clips: Path
    zone: tzinfo
    poll_s: float = 5.0
    readers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_READERS))
    marks: dict[str, frozenset[str]] = field(default_factory=dict)
    digests: Digests = field(init=False)

    def __post_init__(self) -> None:
        self.digests = Digests(self.bucket, self.thumbnails)

    def today(self) -> date:
        """Return today's date in the viewer's zone."""
        return days.local_day(self.bucket.now(), self.zone)

    def span(self, day: date) -> Span:
        """Return the span of a calendar day in the viewer's zone."""
        return Span(*days.bounds(day, self.zone), self.zone)

    def moved(self, device: str, day: date) -> frozenset[str]:
        """Return the keys of photos with motion; none for a day that was not searched."""
        return self.marks.get(f"{device}/{day}", frozenset())


@dataclass(frozen=True)
class DeviceDay:
    """One device's day: its photos and gaps, and its digest if there is one."""

    device: str
    photos: Sequence[Photo]
    gaps: Sequence[Gap]
    digest: Digest | None = None


def read_day(gallery: Gallery, device: str, day: date) -> DeviceDay:
    """Read a day, and the days before it if there are gaps to explain; blocks."""
    span = gallery.span(day)
    bucket = gallery.bucket
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(gallery.digests.of_span, device, span.start, span.end, day)
        photos = bucket.photos(device, span.start, span.end)
    start, end = span.start, min(span.end, bucket.now())
    long = [g for g in days.gaps(photos, start, end) if g.seconds >= 3600]
    earlier: list[list[Photo]] = []
    if long:
        starts = [start - timedelta(days=n) for n in range(1, days.PATTERN_DAYS + 1)]
        earlier = [bucket.photos(device, day, day + timedelta(days=1)) for day in starts]
    if long and not earlier[0] and bucket.newest(device, before=start) is None:
        # Before a device's first photo there are no gaps.
        start = photos[0].taken if photos else end
    digest = coming.result() if photos else None
    moved = digest.moved(photos) if digest else None
    if moved is not None:
        gallery.marks[f"{device}/{day}"] = moved
    return DeviceDay(device, photos, days.gaps(photos, start, end, earlier), digest)


def find_motion(
    gallery: Gallery, device: str, day: date, photos: Sequence[Photo], work: Work
) -> frozenset[str] | None:
    """Mark and return the photos with motion, or None if `work` was stopped; blocks.

    If the camera looks for motion itself (`motion.mode`), its metadata are asked for instead of
    its photos.
    """
    if photos and _TOLD in _metadata(gallery, photos[-1]):
        return _read_motion(gallery, device, day, photos, work)
    signatures = []
    for signature in gallery.thumbnails.signatures(photo.key for photo in photos):
        if work.is_stopped():
            return None
        signatures.append(signature)
        work.done += 1
    seen = motion.marks(motion.scores(signatures))
    keys = frozenset(p.key for p, mark in zip(photos, seen, strict=True) if mark)
    gallery.marks[f"{device}/{day}"] = keys
    return keys


def _read_motion(
    gallery: Gallery, device: str, day: date, photos: Sequence[Photo], work: Work
) -> frozenset[str] | None:
    least = settings.default("motion.threshold")
    found = set()
    told = gallery.readers.map(lambda photo: _metadata(gallery, photo), photos)
    for photo, metadata in zip(photos, told, strict=True):
        if work.is_stopped():
            return None
        score = metadata.get(_TOLD, "")
        if score.isdecimal() and int(score[:9]) >= least:
            found.add(photo.key)
        work.done += 1
    gallery.marks[f"{device}/{day}"] = frozenset(found)
    return gallery.marks[f"{device}/{day}"]


def _metadata(gallery: Gallery, photo: Photo) -> dict[str, str]:
    """Return what the device wrote about a photo; nothing about one that is deleted meanwhile."""
    try:
        return gallery.bucket.metadata(photo.key)[1]
    except PhotoMissingError:
        return {}


def zone_named(name: str | None) -> tzinfo:
    """Return the zone of a name or POSIX string as in a digest, or this computer's for none.

    Raises MegacamError.
    """
    return zones.zone_of(name) if name else tz.tzlocal()


def zone_words(zone: tzinfo, moment: datetime) -> str:
    """Return the name of a zone at a moment: its abbreviation and offset from UTC."""
    local = moment.astimezone(zone)
    name = local.tzname() or ""
    return name if name in ("UTC", "GMT") else f"{name} (UTC{local:%z})"


def photo_url(photo: Photo) -> str:
    """Return the URL of the photo's JPEG."""
    return f"img/photo?key={quote(photo.key, safe='')}"


def photo_base(device: str) -> str:
    """Return the URL of a device's photos up to photo.name."""
    return f"img/photo?key={quote(device + '/', safe='')}"


def thumb_base(device: str) -> str:
    """Return the URL of a device's thumbnails up to photo.name."""
    return f"img/thumb?key={quote(device + '/', safe='')}"


def small_base(device: str) -> str:
    """Return the URL of a device's small thumbnails up to photo.name; see docs/digest.md."""
    return f"img/small?key={quote(device + '/', safe='')}"


def small_url(photo: Photo) -> str:
    """Return the URL of the photo's small thumbnail."""
    return f"img/small?key={quote(photo.key, safe='')}"


def piece_url(key: str) -> str:
    """Return the URL of a keogram or film of the digest."""
    return f"img/piece?key={quote(key, safe='')}"


def thumb_url(photo: Photo) -> str:
    """Return the URL of the photo's thumbnail."""
    return f"img/thumb?key={quote(photo.key, safe='')}"


def page_url(path: str, **values: object) -> str:
    """Return the URL of a page; lists become repeated parameters, None values are left out."""
    kept = {name: value for name, value in values.items() if value is not None}
    return f"{path}?{urlencode(kept, doseq=True)}" if kept else path
