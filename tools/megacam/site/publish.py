"""Write the app and, for each day without a digest, its index and cover, into the bucket.

A day's index is what the gallery's player reads, so it comes from the same functions as an export.
What has not changed is not written again.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any

from megacam.aws import Aws
from megacam.gallery import days, export, markup
from megacam.gallery.bucket import CONFIG, Bucket
from megacam.gallery.export import Day
from megacam.gallery.refusals import PhotoMissingError
from megacam.site import pages
from megacam.words import count

FOLDER = "_site/"
# On a phone, a cover is up to 400 pixels wide.
_COVER_WIDTH = 400
_COVER_TRIES = 5
# All files of one version of the app must arrive together, and indexes soon.
_CACHE = "max-age=60"
_BEGINNING = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Published:
    """What publish() did: files written and left, days with an index, and the bytes written."""

    written: int
    same: int
    days: int
    size_bytes: int

    def __str__(self) -> str:
        kb = f"{self.size_bytes / 1e3:,.0f} KB"
        return f"{count(self.days, 'day')}, {count(self.written, 'file')} written ({kb})"


def publish(
    aws: Aws,
    bucket_name: str,
    cameras: Sequence[str],
    start: datetime,
    end: datetime,
    zone: tzinfo,
) -> Published:
    """Write the app and the days of `cameras` in [start, end); raises AwsError, BucketError.

    Days before the span that were published earlier stay as long as they have photos.
    """
    writer = _Writer(aws, bucket_name)
    _put_app(writer)
    bucket = Bucket(aws.client("s3", CONFIG), bucket_name)
    shown = 0
    for camera in cameras:
        found = list(export.days_of(bucket, [camera], start, end, zone))
        shown += len(found)
        _publish_camera(writer, bucket, camera, found, start.astimezone(zone))
    return Published(writer.written, writer.same, shown, writer.size_bytes)


def put_app(aws: Aws, bucket_name: str) -> None:
    """Write the app alone."""
    _put_app(_Writer(aws, bucket_name))


def app_is_right(aws: Aws, bucket_name: str) -> bool:
    """Return True if the app in the bucket is that of this version."""
    writer = _Writer(aws, bucket_name)
    return all(writer.is_same(name, content) for name, content in pages.files().items())


def _put_app(writer: "_Writer") -> None:
    for name, content in pages.files().items():
        writer.put(name, content)


def _publish_camera(
    writer: "_Writer", bucket: Bucket, camera: str, found: Sequence[Day], start: datetime
) -> None:
    oldest = bucket.first(camera, _BEGINNING, bucket.now())
    first = str(days.local_day(oldest.taken, start.tzinfo or timezone.utc)) if oldest else "9"
    before = writer.json(f"{camera}/days.json").get("days", [])
    # Of the days before the span, those stay whose photos have not expired.
    listed = {one["day"]: one for one in before if first <= one["day"] < str(start.date())}
    for one in found:
        name = f"{camera}/{one.day}"
        if not writer.has(f"{camera}/_digest/{one.day:%Y/%m/%d}/day.json"):
            writer.put(f"{name}.json", _index(one, found))
        has_cover = writer.is_there(f"{name}.jpg") or _put_cover(writer, bucket, name, one)
        listed[str(one.day)] = {
            "day": str(one.day), "photos": len(one.photos), "cover": has_cover
        }  # fmt: skip
    # A cover is a photo, too: it must not outlive those of its day.
    writer.remove(f"{camera}/", kept={f"{camera}/{day}" for day in listed} | {f"{camera}/days"})
    newest_first = [listed[day] for day in sorted(listed, reverse=True)]
    writer.put(f"{camera}/days.json", _json({"format": 1, "days": newest_first}))


def _index(one: Day, around: Sequence[Day]) -> bytes:
    track = export.track_of(one, around, f"/{one.device}/", "")
    return _json(markup.player_data([track], one.span, one.photos[-1].taken))


def _put_cover(writer: "_Writer", bucket: Bucket, name: str, one: Day) -> bool:
    """Write a small photo of the middle of the day; return False if none of some can be read."""
    for photo in _from_the_middle(one.photos):
        try:
            content = export.shrunk(bucket.read(photo.key), _COVER_WIDTH)
        except PhotoMissingError:
            continue
        writer.put(f"{name}.jpg", content)
        return True
    return False


def _from_the_middle(photos: Sequence[Any]) -> Iterator[Any]:
    middle = len(photos) // 2
    yield from photos[middle : middle + _COVER_TRIES]


def _json(data: object) -> bytes:
    return json.dumps(data, separators=(",", ":"), sort_keys=True).encode()


class _Writer:
    """Writes below FOLDER what is not there already."""

    def __init__(self, aws: Aws, bucket: str):
        self._aws = aws
        self._bucket = bucket
        self.written = self.same = self.size_bytes = 0
        pages_found = aws.pages("s3", "list_objects_v2", Bucket=bucket, Prefix=FOLDER)
        self._there = {
            one["Key"]: one["ETag"].strip('"')
            for page in pages_found
            for one in page.get("Contents", [])
        }

    def is_there(self, name: str) -> bool:
        """Return True if the site has a file of this name."""
        return FOLDER + name in self._there

    def has(self, key: str) -> bool:
        """Return True if the bucket has this object."""
        order: dict[str, Any] = {"Bucket": self._bucket, "Key": key}
        return bool(self._aws.call("s3", "head_object", missing=("404", "NoSuchKey"), **order))

    def json(self, name: str) -> dict[str, Any]:
        """Return the JSON object of this name, {} if it is missing or damaged."""
        if not self.is_there(name):
            return {}
        order: dict[str, Any] = {"Bucket": self._bucket, "Key": FOLDER + name}
        try:
            found = json.loads(self._aws.call("s3", "get_object", **order)["Body"].read())
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def is_same(self, name: str, content: bytes) -> bool:
        """Return True if the site has this file with this content."""
        # The ETag of an object that is encrypted with SSE-S3 is its MD5.
        digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
        return self._there.get(FOLDER + name) == digest

    def remove(self, folder: str, kept: set[str]) -> None:
        """Delete the files below `folder` whose names without extension are not in `kept`."""
        for key in [key for key in self._there if key.startswith(FOLDER + folder)]:
            if key[len(FOLDER) :].rpartition(".")[0] not in kept:
                self._aws.call("s3", "delete_object", Bucket=self._bucket, Key=key)
                del self._there[key]

    def put(self, name: str, content: bytes) -> None:
        """Write a file of the site, unless the same is there."""
        if self.is_same(name, content):
            self.same += 1
            return
        self._aws.call(
            "s3",
            "put_object",
            Bucket=self._bucket,
            Key=FOLDER + name,
            Body=content,
            ContentType=pages.content_type(name),
            CacheControl=_CACHE,
        )
        self.written += 1
        self.size_bytes += len(content)


def span(number: int, now: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return the span of the last `number` whole days of a zone, today included."""
    today = days.local_day(now, zone)
    return days.bounds(today - timedelta(days=number - 1), zone)[0], days.bounds(today, zone)[1]
