"""Read the bucket with a boto3 S3 client, by prefix; never list the whole bucket.

    bucket = Bucket(boto3.client("s3", config=CONFIG), "photos")
    for photo in bucket.photos("cam1", start, end): ...

All calls block and are thread-safe. `waiting()` returns the requests that S3 has not answered yet.
"""

import contextlib
import itertools
import json
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import botocore.config
import botocore.exceptions

from megacam.gallery import copies, photos, refusals, sharing
from megacam.gallery.photos import Photo

# A person waits for these calls: a dead network is reported after 10 s, a silent S3 after 30 s.
CONFIG = botocore.config.Config(
    connect_timeout=5,
    read_timeout=15,
    retries={"mode": "standard", "total_max_attempts": 2},
    max_pool_connections=16,
    # boto3 still presigns URLs for us-east-1 with Signature V2, which S3 refuses for new buckets.
    signature_version="s3v4",
)

# The largest JPEG of an Arducam Mega is under 3 MB; a larger object is not one of its photos.
PHOTO_LIMIT_BYTES = 8 << 20
STATUS_LIMIT_BYTES = 1 << 20
_PAGE_KEYS = 1000
# 400 pages are a day with a photo every 0.2 s; no listing within a day needs more.
_PAGE_LIMIT = 400
_FOLDER_PAGES = 10
# Stop the search for the newest photo after this many days without a valid photo.
_DAYS_WALKED = 40
_FRESH_S = 8
_SETTLED_S = 300
# A day with 2,880 photos takes less than a megabyte of memory.
_CACHED_LISTINGS = 48

Now = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(timezone.utc)


class Bucket:
    """A bucket of photos; `client` is a boto3 S3 client, preferably made with CONFIG.

    Methods raise refusals.BucketError if S3 refuses or does not answer, and PhotoMissingError if
    an object does not exist.
    """

    def __init__(self, client: Any, name: str, now: Now = utc_now):
        self.name = name
        self.endpoint = str(client.meta.endpoint_url)
        self.now = now
        self._client = client
        self._lock = threading.Lock()
        self._asking: dict[int, tuple[str, float]] = {}
        self._tickets = itertools.count()
        self._listings: OrderedDict[tuple[str, ...], tuple[float, list[Photo]]] = OrderedDict()
        self._copies = copies.Copies(self.head)

    def devices(self) -> list[str]:
        """Return the names of the devices, which are the folders at the root of the bucket."""
        return [name for name in self._folders("") if name not in (".", "..")]

    def missing(self, device: str) -> str:
        """Return a sentence if nothing is stored under `device`, otherwise or if unknown ""."""
        try:
            found = [name for name in self.devices() if not name.startswith("_")]
        except refusals.BucketError:
            return ""
        if device in found:
            return ""
        here = (
            f"the cameras here are: {', '.join(found)}" if found else "the bucket has no cameras"
        )
        return f"nothing is stored under {device}/ yet; {here}"

    def days(self, device: str, year: int, month: int) -> list[int]:
        """Return the UTC days of a month that hold objects."""
        return _numbers(self._folders(f"{device}/{year:04d}/{month:02d}/"), r"\d\d")

    def months(self, device: str) -> list[tuple[int, int]]:
        """Return every (year, month) with photos, oldest first; one request per year."""
        years = _numbers(self._folders(f"{device}/"), r"\d{4}")
        return [
            (year, month)
            for year in years
            for month in _numbers(self._folders(f"{device}/{year:04d}/"), r"\d\d")
            if 1 <= month <= 12
        ]

    def photos(self, device: str, start: datetime, end: datetime) -> list[Photo]:
        """Return the photos in [start, end), oldest first; one request per 1000 photos.

        Photos that were copied in under other names take one more request each, but only once.
        """
        start, end = start.astimezone(timezone.utc), end.astimezone(timezone.utc)
        found: list[Photo] = []
        for day in photos.utc_days(start, end):
            midnight = datetime(day.year, day.month, day.day, tzinfo=timezone.utc)
            first, last = max(start, midnight), min(end, midnight + timedelta(days=1))
            found += self._part_of_day(device, first, last)
        return found

    def first(self, device: str, start: datetime, end: datetime) -> Photo | None:
        """Return the first photo in [start, end), with one request."""
        start = start.astimezone(timezone.utc)
        prefix = photos.shared_prefix(device, start, end.astimezone(timezone.utc))
        for page in self._pages(prefix, photos.before_moment(device, start), keys=10):
            for photo in _photos_in(page):
                return photo if photo.taken < end else None
            # Reports and updates come after all photos, whose names begin with digits.
            if (page.get("Contents") or ({"Key": ""},))[-1]["Key"] > f"{device}/:":
                return None
        return None

    def newest(self, device: str, before: datetime | None = None) -> Photo | None:
        """Return the last photo before a moment (default: a day from now, for a fast clock).

        It walks back through years, months and days, and then bisects the day. That takes about
        nine requests in a bucket of any size.
        """
        limit = (before or self.now() + timedelta(days=1)).astimezone(timezone.utc)
        days = itertools.islice(self._days_from_the_end(device, limit), _DAYS_WALKED)
        for midnight in days:
            photo = self._last_of_day(device, midnight, min(limit, midnight + timedelta(days=1)))
            if photo:
                return photo
        return None

    def newer(self, photo: Photo) -> list[Photo]:
        """Return up to 1000 photos after `photo`, with one request."""
        horizon = self.now() + timedelta(days=1)
        prefix = photos.shared_prefix(photo.device, photo.taken, horizon)
        page = next(self._pages(prefix, photo.key))
        return [newer for newer in _photos_in(page) if newer.taken < horizon]

    def read(self, key: str, limit_bytes: int = PHOTO_LIMIT_BYTES) -> bytes:
        """Return the JPEG, including any padding after its end marker."""
        data = self._download(key, limit_bytes)
        if data is None:
            raise refusals.PhotoMissingError(f"{key} is over {limit_bytes >> 20} MB: not a photo")
        return data

    def find(self, key: str) -> Photo | None:
        """Return the photo of a key, or None if it is not that of a photo; may ask S3."""
        copy = photos.parse_copy(key)
        if copy is None:
            return photos.parse(key)
        return next(iter(self._copies.dated([copy])), copy)

    def head(self, key: str) -> bytes:
        """Return the beginning of an object, where a photo has its EXIF."""
        size = copies.HEAD_BYTES
        with self._ask(f"reading {key}"):
            answer = self._client.get_object(
                Bucket=self.name, Key=key, Range=f"bytes=0-{size - 1}"
            )
            with contextlib.closing(answer["Body"]) as body:
                return body.read(size)

    def metadata(self, key: str) -> tuple[dict[str, str], dict[str, str]]:
        """Return S3's facts about an object and the device's metadata, which is untrusted text."""
        with self._ask(f"reading the metadata of {key}"):
            answer = self._client.head_object(Bucket=self.name, Key=key)
        facts = {
            "size": f"{answer.get('ContentLength', 0):,} bytes",
            "stored": f"{answer['LastModified']:%Y-%m-%d %H:%M:%S} UTC",
            "etag": str(answer.get("ETag", "")).strip('"'),
            "storage class": str(answer.get("StorageClass", "STANDARD")),
        }
        return facts, {str(k): str(v) for k, v in answer.get("Metadata", {}).items()}

    def status(self, device: str) -> dict[str, Any] | None:
        """Return the device's status.json, or None if it is missing or no JSON object."""
        return self.json(f"{device}/{photos.STATUS_NAME}")

    def json(self, key: str, limit_bytes: int = STATUS_LIMIT_BYTES) -> dict[str, Any] | None:
        """Return a JSON object, or None if it is missing, too large or something else."""
        try:
            data = self._download(key, limit_bytes)
        except refusals.PhotoMissingError:
            return None
        except refusals.BucketError as error:
            # To a role that may list only a prefix, S3 answers 403 for what does not exist.
            if not refusals.is_denied(error.__cause__) or key in self.names(key):
                raise
            return None
        try:
            found = json.loads(data or b"")
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None

    def names(self, prefix: str) -> frozenset[str]:
        """Return the keys below a prefix, at most the first thousand, with one request."""
        page = next(self._pages(prefix, ""))
        return frozenset(item["Key"] for item in page.get("Contents", ()))

    def delete(self, photo: Photo) -> None:
        """Delete a photo from the bucket."""
        with self._ask(f"deleting {photo.key}"):
            self._client.delete_object(Bucket=self.name, Key=photo.key)
        with self._lock:
            self._listings.clear()

    def share(self, photo: Photo, wanted: timedelta) -> sharing.Link:
        """Return a link to a photo that expires; sends no request to S3."""
        return sharing.share(self._client, self.name, photo, wanted, self.now())

    def waiting(self) -> list[tuple[str, float]]:
        """Return (description, seconds so far) of every unanswered request, oldest first."""
        now_s = time.monotonic()
        with self._lock:
            asking = sorted(self._asking.values(), key=lambda item: item[1])
        return [(what, now_s - since_s) for what, since_s in asking]

    def _download(self, key: str, limit_bytes: int) -> bytes | None:
        """Return an object, or None if it is over the limit; the rest of it is not downloaded."""
        with self._ask(f"reading {key}"):
            answer = self._client.get_object(Bucket=self.name, Key=key)
            with contextlib.closing(answer["Body"]) as body:
                if answer.get("ContentLength", 0) > limit_bytes:
                    return None
                data = body.read(limit_bytes + 1)
        return data if len(data) <= limit_bytes else None

    def _part_of_day(self, device: str, start: datetime, end: datetime) -> list[Photo]:
        wanted = (device, start.isoformat(), end.isoformat())
        settled = self.now() - end > timedelta(days=2)
        with self._lock:
            until_s, found = self._listings.get(wanted, (0.0, []))
        if time.monotonic() < until_s:
            return found
        found = self._list_part_of_day(device, start, end)
        with self._lock:
            self._listings[wanted] = (
                time.monotonic() + (_SETTLED_S if settled else _FRESH_S),
                found,
            )
            while len(self._listings) > _CACHED_LISTINGS:
                self._listings.popitem(last=False)
        return found

    def _list_part_of_day(self, device: str, start: datetime, end: datetime) -> list[Photo]:
        found: list[Photo] = []
        prefix = photos.day_prefix(device, start.date())
        after = photos.before_moment(device, start) if start.time() else ""
        for number, page in enumerate(self._pages(prefix, after)):
            part = _photos_in(page)
            found += part + self._copies.dated(_copies_in(page))
            if part and part[-1].taken >= end and page.get("IsTruncated"):
                # Copies come last in the listing. For an hour or so, they are not worth a request.
                for last in self._pages(prefix, f"{prefix}:") if number else ():
                    found += self._copies.dated(_copies_in(last))
                break
        return sorted(photo for photo in found if start <= photo.taken < end)

    def _days_from_the_end(self, device: str, limit: datetime) -> Iterator[datetime]:
        last = limit - timedelta(microseconds=1)
        for year in reversed(_numbers(self._folders(f"{device}/"), r"\d{4}")):
            if year > last.year:
                continue
            for month in reversed(_numbers(self._folders(f"{device}/{year:04d}/"), r"\d\d")):
                if (year, month) > (last.year, last.month):
                    continue
                for day in reversed(self.days(device, year, month)):
                    with contextlib.suppress(ValueError):
                        midnight = datetime(year, month, day, tzinfo=timezone.utc)
                        if midnight < limit:
                            yield midnight

    def _last_of_day(self, device: str, midnight: datetime, end: datetime) -> Photo | None:
        low, high = 0, 24
        while high - low > 1:
            middle = (low + high) // 2
            start = midnight + timedelta(hours=middle)
            if start < end and self.first(device, start, end):
                low = middle
            else:
                high = middle
        found = self._list_part_of_day(device, midnight + timedelta(hours=low), end)
        return found[-1] if found else None

    def _folders(self, prefix: str) -> list[str]:
        pages = self._pages(prefix, "", delimiter="/", limit=_FOLDER_PAGES)
        return [
            folder["Prefix"][len(prefix) : -1]
            for page in pages
            for folder in page.get("CommonPrefixes", ())
        ]

    def _pages(
        self,
        prefix: str,
        after: str,
        *,
        delimiter: str = "",
        keys: int = _PAGE_KEYS,
        limit: int = _PAGE_LIMIT,
    ) -> Iterator[dict[str, Any]]:
        """Yield the pages of a listing.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
        """
        request = {"Bucket": self.name, "Prefix": prefix, "MaxKeys": keys}
        request |= {"StartAfter": after} if after else {}
        request |= {"Delimiter": delimiter} if delimiter else {}
        for _ in range(limit):
            with self._ask(f"listing {prefix or self.name}"):
                page = self._client.list_objects_v2(**request)
            yield page
            if not page.get("IsTruncated"):
                return
            request["ContinuationToken"] = page["NextContinuationToken"]

    @contextlib.contextmanager
    def _ask(self, what: str) -> Iterator[None]:
        """Record a request for waiting() while the block runs; raise its errors as BucketError."""
        ticket = next(self._tickets)
        with self._lock:
            self._asking[ticket] = (what, time.monotonic())
        try:
            yield
        except refusals.FAULTS as error:
            raise refusals.explain(error, what, self.name, self.endpoint) from error
        finally:
            with self._lock:
                del self._asking[ticket]


def _photos_in(page: dict[str, Any]) -> list[Photo]:
    parsed = (photos.parse(item["Key"], item["Size"]) for item in page.get("Contents", ()))
    return [photo for photo in parsed if photo]


def _copies_in(page: dict[str, Any]) -> list[Photo]:
    parsed = (photos.parse_copy(item["Key"], item["Size"]) for item in page.get("Contents", ()))
    return [photo for photo in parsed if photo]


def _numbers(names: list[str], pattern: str) -> list[int]:
    return [int(name) for name in names if re.fullmatch(pattern, name, re.ASCII)]
