"""Remove what `create` made: keys and users always, photos on request, other objects never."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

from megacam.aws import Aws
from megacam.cloud import bucket, budget, digest, iot, keys
from megacam.cloud.plan import Plan, Step
from megacam.cloud.site import steps as site
from megacam.errors import MegacamError
from megacam.words import count

# https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
_PAGE = 1000
# Counting stops here: to count a year of photos takes a thousand requests and minutes.
_COUNTED_PAGES = 20


@dataclasses.dataclass(frozen=True)
class Contents:
    """How many objects a device has in the bucket; `more`: counting stopped, there are more.

    `marks`: the number of delete markers; a bucket with delete markers is not empty either.
    """

    count: int
    size_bytes: int
    more: bool
    marks: int = 0

    def __str__(self) -> str:
        least = "over " if self.more else ""
        marks = f" and {count(self.marks, 'delete marker')}" if self.marks else ""
        return f"{least}{count(self.count, 'object')}{marks}, {self.size_bytes / 1e6:,.1f} MB"


def devices(aws: Aws, bucket_name: str) -> list[str]:
    """Return the devices of the bucket that have an IAM user or an IoT thing."""
    return sorted({*keys.devices(aws, bucket_name), *iot.things(aws, bucket_name)})


def plan(
    aws: Aws,
    bucket_name: str,
    device: str | None = None,
    photos: bool = False,
    on_deleted: Callable[[int], None] = lambda count: None,
) -> Plan:
    """Return the plan that removes `device`, or every device and then the bucket.

    Without `photos`, no object is deleted, and a bucket that is not empty stays. With `photos`,
    everything under the devices' names is deleted. If the bucket holds anything else, that and the
    bucket stay. `on_deleted` gets the number of objects that each request deleted.
    """
    known = _known(aws, bucket_name, device)
    found = Plan()
    for name in [device] if device else known:
        found.add(*keys.destroy_steps(aws, bucket_name, name))
        found.add(*iot.destroy_steps(aws, bucket_name, name))
        found.add(*bucket.without_device(aws, bucket_name, name))
        found.add(*site.without_device(aws, bucket_name, name) if device else ())
        found.add(*digest.destroy_steps(aws, bucket_name, name))
        found.add(_photos_step(aws, bucket_name, name, photos, on_deleted, found))
    if not device:
        found.add(
            *site.destroy_steps(aws, bucket_name),
            *iot.shared_destroy_steps(aws, bucket_name),
            budget.destroy_step(aws, bucket_name),
        )
        emptied = [site.APP] if _has(aws, bucket_name, site.APP) else []
        found.add(*(_app_step(aws, bucket_name, on_deleted) for _ in emptied))
        emptied += [f"{name}/" for name in known] if photos else []
        found.add(_bucket_step(aws, bucket_name, emptied, found))
    return found


def _known(aws: Aws, bucket_name: str, device: str | None) -> list[str]:
    if not bucket.exists(aws, bucket_name):
        raise MegacamError(f"there is no bucket {bucket_name}; check --bucket and --region")
    known = devices(aws, bucket_name)
    if device and device not in known:
        raise MegacamError(
            f"{device} has no IAM user and no IoT thing for {bucket_name}; it must be one of: "
            f"{', '.join(known) or 'none'}"
        )
    return known


def contents(aws: Aws, bucket_name: str, prefix: str) -> Contents:
    """Count the objects under `prefix`, including old versions, up to about 20,000."""
    count = size = marks = 0
    for number, page in enumerate(_version_pages(aws, bucket_name, prefix)):
        if number == _COUNTED_PAGES:
            return Contents(count, size, True, marks)
        versions = page.get("Versions", [])
        count += len(versions)
        marks += len(page.get("DeleteMarkers", []))
        size += sum(one.get("Size", 0) for one in versions)
    return Contents(count, size, False, marks)


def delete_objects(
    aws: Aws,
    bucket_name: str,
    prefix: str,
    on_deleted: Callable[[int], None],
    page_keys: int = _PAGE,
) -> None:
    """Delete every object under `prefix` with all its versions, `page_keys` per request.

    Raises MegacamError if AWS does not delete one.
    """
    if not prefix.endswith("/"):
        raise ValueError(f"{prefix!r} would also match other devices")
    for page in _version_pages(aws, bucket_name, prefix, page_keys):
        marked = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        doomed = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in marked]
        if not doomed:
            continue
        order = {"Objects": doomed, "Quiet": True}
        answer = aws.call("s3", "delete_objects", Bucket=bucket_name, Delete=order)
        failed = answer.get("Errors", [])
        if failed:
            raise MegacamError(
                f"AWS did not delete {count(len(failed), 'object')}, such as {failed[0]['Key']} "
                f"({failed[0].get('Code', '?')}); look for an object lock or a bucket policy"
            )
        on_deleted(len(doomed))


def _version_pages(
    aws: Aws, bucket_name: str, prefix: str, page_keys: int = _PAGE
) -> Iterator[dict[str, Any]]:
    arguments = {"Bucket": bucket_name, "Prefix": prefix, "MaxKeys": page_keys}
    return aws.pages("s3", "list_object_versions", **arguments)


def _photos_step(
    aws: Aws,
    bucket_name: str,
    device: str,
    photos: bool,
    on_deleted: Callable[[int], None],
    found: Plan,
) -> Step | None:
    inside = contents(aws, bucket_name, f"{device}/")
    if not inside.count and not inside.marks:
        return None
    if not photos:
        found.warnings.append(f"{device}/ stays in {bucket_name}: {inside} (--photos deletes it)")
        return None
    return Step(
        f"delete everything under {device}/: {inside}",
        lambda: delete_objects(aws, bucket_name, f"{device}/", on_deleted),
        "remove",
    )


def _has(aws: Aws, bucket_name: str, prefix: str) -> bool:
    inside = contents(aws, bucket_name, prefix)
    return bool(inside.count or inside.marks)


def _app_step(aws: Aws, bucket_name: str, on_deleted: Callable[[int], None]) -> Step:
    return Step(
        f"delete the pages and indexes of the site under {site.APP}",
        lambda: delete_objects(aws, bucket_name, site.APP, on_deleted),
        "remove",
    )


def _bucket_step(aws: Aws, bucket_name: str, emptied: list[str], found: Plan) -> Step | None:
    stays = _first_strangers(aws, bucket_name, emptied)
    if stays:
        found.warnings.append(f"the bucket {bucket_name} stays: it contains {', '.join(stays)}")
        return None
    return Step(
        f"delete the bucket {bucket_name}",
        lambda: aws.call("s3", "delete_bucket", Bucket=bucket_name),
        "remove",
    )


def _first_strangers(aws: Aws, bucket_name: str, emptied: list[str]) -> list[str]:
    """Return up to five names at the root of the bucket that are not in `emptied`."""
    names: list[str] = []
    pages = aws.pages("s3", "list_object_versions", Bucket=bucket_name, Delimiter="/")
    for page in pages:
        names += [one["Prefix"] for one in page.get("CommonPrefixes", [])]
        names += [one["Key"] for one in page.get("Versions", [])]
        names += [one["Key"] for one in page.get("DeleteMarkers", [])]
        if len(names) > _PAGE:
            break
    return [name for name in names if name not in emptied][:5]
