"""Look at the cameras of a bucket: their reports, and their photos before and after a release."""

from collections.abc import Iterable
from datetime import datetime, timezone

from megacam.aws import Aws
from megacam.cloud import status
from megacam.errors import MegacamError
from megacam.gallery.bucket import Bucket
from megacam.gallery.refusals import BucketError
from megacam.update import watch
from megacam.update.ledger import Entry
from megacam.update.watch import Sample, Seen


def cameras(aws: Aws, bucket: str) -> list[str]:
    """Return the cameras that have photos or a report in the bucket; raises MegacamError."""
    return [one.name for one in status.read(aws, bucket)]


def samples(aws: Aws, bucket: str, devices: Iterable[str], now: int) -> dict[str, Sample]:
    """Return how each camera does at `now`, UTC seconds since 1970; raises MegacamError."""
    moment = datetime.fromtimestamp(now, timezone.utc)
    found = status.read(aws, bucket, list(devices), now=moment)
    source = Bucket(aws.client("s3"), bucket, lambda: moment)
    late = {one.name: one.remark for one in found}
    try:
        return {name: watch.sample(source.status(name), late[name]) for name in late}
    except BucketError as error:
        raise MegacamError(str(error)) from error


def seen(aws: Aws, entry: Entry, devices: Iterable[str], now: int) -> dict[str, Seen]:
    """Return how `devices` were before a release and how they are now; raises MegacamError."""
    moment = datetime.fromtimestamp(now, timezone.utc)
    source = Bucket(aws.client("s3"), entry.bucket, lambda: moment)
    earlier, recent = watch.spans(entry.at, now)
    found = samples(aws, entry.bucket, devices, now)
    try:
        return {
            name: Seen(
                entry.devices.get(name, Sample()),
                one,
                _photos(source, name, earlier),
                _photos(source, name, recent),
                recent[1] - recent[0],
            )
            for name, one in found.items()
        }
    except BucketError as error:
        raise MegacamError(str(error)) from error


def _photos(source: Bucket, device: str, span: tuple[int, int]) -> int:
    start, end = (datetime.fromtimestamp(at, timezone.utc) for at in span)
    return len(source.photos(device, start, end))
