"""How long the bucket keeps photos, old versions and incomplete uploads."""

from typing import Any

from megacam.aws import Aws
from megacam.cloud import policies
from megacam.cloud.plan import Step, step
from megacam.cloud.spec import CloudSpec, updates_folder
from megacam.words import count

#: After so many days the bucket deletes a release; a new push renews it.
UPDATES_DAYS = 90
_NO_LIFECYCLE = ("NoSuchLifecycleConfiguration",)


def versions_step(aws: Aws, spec: CloudSpec, there: bool) -> Step | None:
    """Return the step for the bucket's versioning, or None if it is off and stays off."""
    now = there and versioned(aws, spec.bucket)
    wanted = now if spec.keep_versions is None else spec.keep_versions > 0
    if not now and not wanted:
        return None
    status = {"Status": "Enabled" if wanted else "Suspended"}
    return step(
        "keep overwritten and deleted objects as old versions, in the whole bucket"
        if wanted
        else "keep no old versions from now on; existing ones stay until they expire",
        now,
        wanted,
        lambda: aws.call(
            "s3", "put_bucket_versioning", Bucket=spec.bucket, VersioningConfiguration=status
        ),
    )


def lifecycle_step(aws: Aws, spec: CloudSpec, there: bool) -> Step:
    """Return the step for the lifecycle rules by which S3 deletes objects."""
    rules = lifecycle(aws, spec.bucket) if there else []
    before = keep_days(rules, spec.device)
    days = before if spec.keep_days is None else spec.keep_days
    version = wanted_version_days(aws, spec, there)
    wanted = [policies.lifecycle_rule(spec.device, days, version)]
    wanted += _updates_rule(spec, rules, days, version)
    wanted += _rules_of_others(spec, rules)
    names = [rule["ID"] for rule in wanted]
    now = [rule for name in names for rule in rules if rule.get("ID") == name]
    kept = (
        f"delete photos of {spec.device} after {count(days, 'day')}"
        if days
        else f"keep photos of {spec.device} for ever"
    )
    if version:
        kept += f", delete old versions after {count(version, 'day')}"
    return step(
        f"{kept}, delete incomplete uploads after a day",
        now,
        wanted,
        lambda: _put_lifecycle(aws, spec.bucket, wanted),
        f"was {count(before, 'day')}" if before and before != days else "",
    )


def _updates_rule(
    spec: CloudSpec, rules: list[dict[str, Any]], days: int | None, version: int | None
) -> list[dict[str, Any]]:
    """Return the rule by which releases go that nobody offers any more; [] without updates."""
    folder = updates_folder(spec.device)
    if not (keep_days(rules, folder) if spec.updates is None else spec.updates):
        return []
    return [policies.lifecycle_rule(folder, min(UPDATES_DAYS, days or UPDATES_DAYS), version)]


def _rules_of_others(spec: CloudSpec, rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rules that the other cameras need if old versions are kept from now on."""
    # Versioning applies to the whole bucket, so the other cameras' old versions must expire too.
    found = [policies.device_of(rule) for rule in rules if policies.is_our_rule(rule)]
    return [
        policies.lifecycle_rule(one, keep_days(rules, one), spec.keep_versions)
        for one in found
        if spec.keep_versions and one not in (spec.device, updates_folder(spec.device))
    ]


def versioned(aws: Aws, bucket: str) -> bool:
    """Return True if the bucket keeps deleted objects as old versions."""
    return aws.call("s3", "get_bucket_versioning", Bucket=bucket).get("Status") == "Enabled"


def delete(aws: Aws, bucket: str, key: str) -> None:
    """Delete one object for good, with its old versions if the bucket keeps them."""
    there = {"Bucket": bucket}
    if not versioned(aws, bucket):
        aws.call("s3", "delete_object", missing=("NoSuchBucket",), **there, Key=key)
        return
    for page in aws.pages("s3", "list_object_versions", **there, Prefix=key):
        for one in (*page.get("Versions", []), *page.get("DeleteMarkers", [])):
            if one["Key"] == key:
                version = {"Key": key, "VersionId": one["VersionId"]}
                aws.call("s3", "delete_object", **there, **version)


def lifecycle(aws: Aws, bucket: str) -> list[dict[str, Any]]:
    """Return the bucket's lifecycle rules, all with a Filter: S3 refuses a mix with Prefix."""
    found = aws.call(
        "s3", "get_bucket_lifecycle_configuration", missing=_NO_LIFECYCLE, Bucket=bucket
    )
    rules = found["Rules"] if found else []
    for rule in rules:
        if "Prefix" in rule:
            rule["Filter"] = {"Prefix": rule.pop("Prefix")}
    return rules


def keep_days(rules: list[dict[str, Any]], device: str) -> int | None:
    """Return the days after which our rule expires a device's photos; None: never."""
    ours = [rule for rule in rules if rule.get("ID") == policies.lifecycle_id(device)]
    return ours[0].get("Expiration", {}).get("Days") if ours else None


def version_days(rules: list[dict[str, Any]]) -> dict[str, int]:
    """Return {ID of our rule: days until it deletes old versions}."""
    found = {
        str(rule["ID"]): rule.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays")
        for rule in rules
        if policies.is_our_rule(rule)
    }
    return {name: days for name, days in found.items() if days}


def wanted_version_days(aws: Aws, spec: CloudSpec, there: bool) -> int | None:
    """Return the days to keep old versions; versions that already exist still expire."""
    if spec.keep_versions:
        return spec.keep_versions
    found = version_days(lifecycle(aws, spec.bucket)) if there else {}
    return found.get(policies.lifecycle_id(spec.device)) or max(found.values(), default=None)


def _put_lifecycle(aws: Aws, bucket: str, wanted: list[dict[str, Any]]) -> None:
    found = aws.call(
        "s3", "get_bucket_lifecycle_configuration", missing=_NO_LIFECYCLE, Bucket=bucket
    )
    # This belongs to the whole configuration; a put without it would reset it.
    name = "TransitionDefaultMinimumObjectSize"
    kept = {name: found[name]} if found and name in found else {}
    ours = [rule["ID"] for rule in wanted]
    others = [rule for rule in lifecycle(aws, bucket) if rule.get("ID") not in ours]
    aws.call(
        "s3",
        "put_bucket_lifecycle_configuration",
        Bucket=bucket,
        LifecycleConfiguration={"Rules": [*others, *wanted]},
        **kept,
    )
