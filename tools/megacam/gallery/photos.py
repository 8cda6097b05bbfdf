"""Parse the keys of photos: device, moment and sequence number. Pure functions.

Keys look like cam1/2026/11/23/234500-000042.jpg and are in UTC, so a device's keys sort by time.
A photo that somebody has copied into the folder of its day may have another name: see copies.py.
"""

import itertools
import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone

STATUS_NAME = "status.json"

_DEVICE = r"[^/\x00-\x1f\x7f]{1,255}"
_KEY = re.compile(
    rf"({_DEVICE})/(\d{{4}})/(\d\d)/(\d\d)/(\d\d)(\d\d)(\d\d)-(\d{{1,12}})\.jpg", re.ASCII
)
# Names that are safe in URLs and on any file system, and that sort after the camera's own.
_COPY = re.compile(
    rf"({_DEVICE})/(\d{{4}})/(\d\d)/(\d\d)/[A-Za-z][A-Za-z0-9_.-]{{0,99}}\.(?:jpe?g|JPE?G)",
    re.ASCII,
)
# No device's clock goes further, and a day or a zone beyond is still a valid date in Python.
YEARS = range(1970, 9000)


@dataclass(frozen=True, order=True, slots=True)
class Photo:
    """One photo; `taken` is UTC, to the second; `size_bytes` is 0 if S3 was not asked for it."""

    taken: datetime
    seq: int
    device: str
    size_bytes: int = field(default=0, compare=False)
    key: str = field(default="", compare=False)

    @property
    def name(self) -> str:
        """The key without the device: digits, "/", "-", "." and "jpg", safe in any URL."""
        return self.key[len(self.device) + 1 :]


def parse(key: str, size_bytes: int = 0) -> Photo | None:
    """Return the photo of a key, or None if the key is not that of a photo."""
    match = _KEY.fullmatch(key)
    if not match or match[1] in (".", ".."):
        return None
    try:
        taken = datetime(*(int(match[i]) for i in range(2, 8)), tzinfo=timezone.utc)
    except ValueError:
        return None
    if taken.year not in YEARS:
        return None
    return Photo(taken, int(match[8]), match[1], size_bytes, key)


def parse_copy(key: str, size_bytes: int = 0) -> Photo | None:
    """Return a photo with another name in the folder of a day, as if taken when the day began.

    The result is None for any other key, also for one that parse() knows.
    """
    match = _COPY.fullmatch(key)
    if not match or match[1] in (".", "..") or parse(key):
        return None
    try:
        taken = datetime(int(match[2]), int(match[3]), int(match[4]), tzinfo=timezone.utc)
    except ValueError:
        return None
    return Photo(taken, 0, match[1], size_bytes, key) if taken.year in YEARS else None


def day_prefix(device: str, day: date) -> str:
    """Return the prefix of one UTC day of a device."""
    return f"{device}/{day:%Y/%m/%d}/"


def before_moment(device: str, moment: datetime) -> str:
    """Return a string that sorts just before the keys of `moment` (UTC) and of later moments."""
    return f"{day_prefix(device, moment.date())}{moment:%H%M%S}"


def shared_prefix(device: str, start: datetime, end: datetime) -> str:
    """Return the prefix that all keys between two moments (UTC) share.

    A listing of it ends before status.json and the digest, which sort after all photos.
    """
    first, last = before_moment(device, start), before_moment(device, end)
    same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return "".join(letter for letter, _ in same)


def file_name(photo: Photo) -> str:
    """Return a file name for the photo that is valid on any file system."""
    if parse_copy(photo.key):
        return photo.key.rpartition("/")[2]
    device = re.sub(r"[^A-Za-z0-9_-]+", "-", photo.device).strip("-") or "device"
    return f"{device}-{photo.taken:%Y-%m-%d-%H%M%S}-{photo.seq:06d}.jpg"


def utc_days(start: datetime, end: datetime) -> list[date]:
    """Return the UTC days that [start, end) touches, in order."""
    first = start.astimezone(timezone.utc).date()
    last = (end.astimezone(timezone.utc) - timedelta(microseconds=1)).date()
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
