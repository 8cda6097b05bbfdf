"""A device's permissions: the policy that it should have, the one that it has, both in words."""

import urllib.parse
from typing import Any

from megacam import settings
from megacam.aws import Aws
from megacam.cloud import bucket, policies
from megacam.cloud.spec import updates_folder

NOT_AMAZON = (
    "this store is not Amazon S3 and does not restrict a key to new names: whoever steals the "
    "camera's key can overwrite its photos"
)


def is_amazon(aws: Aws) -> bool:
    """Return True if the store is Amazon S3, which knows the condition keys of put_new_only().

    Another store may not know them, and would then refuse everything that the camera puts.
    """
    host = urllib.parse.urlsplit(aws.client("s3").meta.endpoint_url).hostname or ""
    return settings.where().is_aws(host)


def wanted(aws: Aws, bucket_name: str, device: str, updates: bool = False) -> dict[str, Any]:
    """Return the policy of `device`, which may also be an IAM policy variable.

    `updates`: it also reads its releases.
    """
    photos = bucket.arn(aws, bucket_name, f"{device}/*")
    owners = bucket.arn(aws, bucket_name, f"{device}/{policies.OWNERS}")
    account = aws.identity["account"] if is_amazon(aws) else None
    found = policies.put_only(photos, owners)
    if account:
        names = [f"{device}/{name}" for name in policies.REPORTS]
        reports: list[policies.Arn] = [bucket.arn(aws, bucket_name, name) for name in names]
        found = policies.put_new_only(photos, reports, owners, account)
    if updates:
        releases = bucket.arn(aws, bucket_name, f"{updates_folder(device)}/*")
        found["Statement"].append(policies.updates(releases, account))
    return found


def text(aws: Aws, where: str, updates: bool = False) -> str:
    """Return the permission in words, in the imperative; `where` is like "under cam1/"."""
    more = ", to read its updates" if updates else ""
    if not is_amazon(aws):
        return f"allow it to put objects {where}{more} and nothing else"
    reports = " and ".join(policies.REPORTS)
    return (
        f"allow it to put new objects {where}{more} and to replace {reports} there, nothing else"
    )


def is_right(aws: Aws, found: dict[str, Any] | None, bucket_name: str, device: str) -> bool:
    """Return whether the policy `found` is one that megacam makes, with updates or without."""
    return found == wanted(aws, bucket_name, device, policies.takes_updates(found))


def was(aws: Aws, found: dict[str, Any] | None, bucket_name: str, device: str) -> str:
    """Return in words what is wrong with the policy `found`; "" if it is right or missing."""
    if not found or is_right(aws, found, bucket_name, device):
        return ""
    if policies.leaves_owners_open(found, wanted(aws, bucket_name, device)):
        return "lets it write digests: an earlier megacam made it"
    if found == policies.put_any(bucket.arn(aws, bucket_name, f"{device}/*")):
        return "lets it overwrite photos: an earlier megacam made it"
    return "is not the one that megacam makes"


def detail(aws: Aws, found: dict[str, Any] | None, bucket_name: str, device: str) -> str:
    """Return was() as the detail of a step that corrects the policy."""
    said = was(aws, found, bucket_name, device)
    return f"the present policy {said}" if said else ""
