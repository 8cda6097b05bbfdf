"""Find the site of a bucket, its key-value store, and the cameras that it shows."""

import dataclasses
from typing import Any

from megacam.aws import Aws
from megacam.cloud import bucket as buckets
from megacam.cloud import policies
from megacam.cloud.site import documents
from megacam.cloud.site.store import Store
from megacam.errors import MegacamError

_NO_FUNCTION = ("NoSuchFunctionExists",)


@dataclasses.dataclass(frozen=True)
class Site:
    """The distribution of a bucket. `deployed`: all of CloudFront's servers have it."""

    id: str
    arn: str
    domain: str
    enabled: bool
    deployed: bool
    function: str


def find(aws: Aws, bucket: str) -> Site | None:
    """Return the site of a bucket, whoever made it: `create` or CloudFormation."""
    for page in aws.pages("cloudfront", "list_distributions"):
        for one in page["DistributionList"].get("Items", []):
            if one.get("Comment") == documents.comment(bucket):
                return _site(one)
    return None


def need(aws: Aws, bucket: str) -> Site:
    """Return the site of a bucket; raises MegacamError if there is none."""
    site = find(aws, bucket)
    if not site:
        raise MegacamError(f"{bucket} has no site; make one with `megacam cloud create --site`")
    return site


def store_of(aws: Aws, site: Site) -> Store:
    """Return the key-value store that the function of a site reads; raises MegacamError."""
    name = site.function.rpartition("/")[2]
    found = name and aws.call(
        "cloudfront", "describe_function", missing=_NO_FUNCTION, Name=name, Stage="LIVE"
    )
    config = found["FunctionSummary"]["FunctionConfig"] if found else {}
    items = config.get("KeyValueStoreAssociations", {}).get("Items", [])
    if not items:
        raise MegacamError(
            f"the site {site.domain} has no function that decides who may look; run `megacam "
            "cloud create --site`"
        )
    return Store(aws, items[0]["KeyValueStoreARN"])


def shown(document: dict[str, Any]) -> tuple[str, ...]:
    """Return the cameras that a bucket's policy lets the site read."""
    for one in document["Statement"]:
        if one.get("Sid") == policies.SITE_READ:
            return documents.cameras_of(one["Resource"])
    return ()


def statement(aws: Aws, bucket: str, arn: str, cameras: tuple[str, ...]) -> dict[str, Any]:
    """Return the statement of the bucket's policy for a site with the ARN `arn`."""
    names: list[policies.Arn] = [
        buckets.arn(aws, bucket, name) for name in documents.readable(cameras)
    ]
    return policies.cloudfront_read(names, arn, policies.SITE_READ)


def _site(one: dict[str, Any]) -> Site:
    functions = one["DefaultCacheBehavior"].get("FunctionAssociations", {}).get("Items", [])
    return Site(
        one["Id"],
        one["ARN"],
        one["DomainName"],
        bool(one["Enabled"]),
        one["Status"] == "Deployed",
        functions[0]["FunctionARN"] if functions else "",
    )
