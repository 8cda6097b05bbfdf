"""Plan the steps that make the site of a bucket, make it right, or remove it."""

import re
import time
from typing import Any

from megacam.aws import Aws, AwsError
from megacam.cloud import bucket as buckets
from megacam.cloud import policies
from megacam.cloud.plan import Step
from megacam.cloud.site import documents, parts
from megacam.cloud.site import find as finding
from megacam.cloud.site import store as stores
from megacam.cloud.site.find import Site
from megacam.cloud.spec import site_name
from megacam.cloud.template_names import DIGITS
from megacam.errors import MegacamError

APP = "_site/"
# CloudFront switches a distribution off within some minutes, seldom more than ten.
_OFF_TIMEOUT_S = 1200
_OFF_PAUSE_S = 20


def steps(aws: Aws, bucket: str, device: str, there: bool) -> list[Step]:
    """Return the steps that give `bucket` a site that shows `device`; `there`: the bucket is."""
    site = finding.find(aws, bucket)
    cameras = finding.shown(buckets.policy(aws, bucket)) if there else ()
    wanted = tuple(sorted({*cameras, device}))
    stores.check_cameras(wanted)
    allowed = site and there and _is_allowed(aws, bucket, site, wanted)
    return [
        _app_step(aws, bucket, there),
        _distribution_step(aws, bucket, site),
        Step(
            f"let the site, and nobody else, read the photos and digests of {', '.join(wanted)}",
            None if allowed else lambda: _allow(aws, bucket, wanted),
            "change" if cameras else "add",
        ),
    ]


def _app_step(aws: Aws, bucket: str, there: bool) -> Step:
    # It needs packages of the extra `site`, which the rest of `cloud create` does not.
    from megacam.site import publish

    right = there and publish.app_is_right(aws, bucket)
    return Step(
        f"write the pages of the site under {APP}",
        None if right else lambda: publish.put_app(aws, bucket),
    )


def _distribution_step(aws: Aws, bucket: str, site: Site | None) -> Step:
    text = "make a private site at CloudFront, which refuses everybody without a link"
    if not site:
        return Step(text, lambda: _create(aws, bucket))
    if _is_right(aws, bucket, site):
        return Step(text)
    return Step(text, lambda: _repair(aws, bucket, site), "change", "the present one differs")


def _name(bucket: str, site: Site | None) -> str:
    """Return the name of the site's parts; a stack in another bucket has its own."""
    found = site.function.rpartition("/")[2] if site else ""
    usual = site_name(bucket)
    is_ours = re.fullmatch(rf"{usual[:-DIGITS]}[0-9a-f]{{{DIGITS}}}", found)
    return found if is_ours else usual


def _is_right(aws: Aws, bucket: str, site: Site) -> bool:
    name = _name(bucket, site)
    kinds = [
        (parts.ACCESS, documents.origin_access(name)),
        (parts.CACHE, documents.fresh(name)),
        *((parts.HEADERS, one) for one in documents.header_policies(name).values()),
    ]
    store = parts.store_arn(aws, name)
    if not all(parts.is_right(aws, kind, wanted) for kind, wanted in kinds):
        return False
    if not store or not parts.function_is_right(aws, name, store):
        return False
    found = aws.call("cloudfront", "get_distribution_config", Id=site.id)["DistributionConfig"]
    headers = {
        kind: parts.find(aws, parts.HEADERS, wanted["Name"])
        for kind, wanted in documents.header_policies(name).items()
    }
    wanted = documents.Parts(
        _origin(aws, bucket),
        parts.find(aws, parts.ACCESS, name),
        parts.function_arn(aws, name),
        parts.find(aws, parts.CACHE, name),
        **headers,
    )
    return not documents.differs(documents.counted(documents.distribution(bucket, wanted)), found)


def _origin(aws: Aws, bucket: str) -> str:
    return f"{bucket}.s3.{aws.region}.amazonaws.com"


def _ensure_parts(aws: Aws, bucket: str, site: Site | None) -> dict[str, Any]:
    """Make all parts; return the configuration of the distribution, in the form of the API."""
    name = _name(bucket, site)
    headers = {
        kind: parts.ensure(aws, parts.HEADERS, wanted)
        for kind, wanted in documents.header_policies(name).items()
    }
    made = documents.Parts(
        _origin(aws, bucket),
        parts.ensure(aws, parts.ACCESS, documents.origin_access(name)),
        parts.ensure_function(aws, name, parts.ensure_store(aws, name)),
        parts.ensure(aws, parts.CACHE, documents.fresh(name)),
        **headers,
    )
    return documents.counted(documents.distribution(bucket, made))


def _create(aws: Aws, bucket: str) -> None:
    config = {"CallerReference": f"{site_name(bucket)}-{time.time_ns()}"}
    config |= _ensure_parts(aws, bucket, None)
    aws.call("cloudfront", "create_distribution", DistributionConfig=config)


def _repair(aws: Aws, bucket: str, site: Site) -> None:
    wanted = _ensure_parts(aws, bucket, site)
    found = aws.call("cloudfront", "get_distribution_config", Id=site.id)
    config = {**found["DistributionConfig"], **wanted}
    order = {"Id": site.id, "IfMatch": found["ETag"], "DistributionConfig": config}
    aws.call("cloudfront", "update_distribution", **order)


def _is_allowed(aws: Aws, bucket: str, site: Site, cameras: tuple[str, ...]) -> bool:
    wanted = finding.statement(aws, bucket, site.arn, cameras)
    if wanted not in buckets.policy(aws, bucket)["Statement"]:
        return False
    return set(cameras) <= set(finding.store_of(aws, site).read().cameras)


def _allow(aws: Aws, bucket: str, cameras: tuple[str, ...]) -> None:
    site = finding.need(aws, bucket)
    finding.store_of(aws, site).set_cameras(cameras)
    _put_statement(aws, bucket, finding.statement(aws, bucket, site.arn, cameras))


def _put_statement(aws: Aws, bucket: str, wanted: dict[str, Any] | None) -> None:
    now = buckets.policy(aws, bucket)
    kept = [one for one in now["Statement"] if one.get("Sid") != policies.SITE_READ]
    added = [wanted] if wanted else []
    buckets.put_policy(aws, bucket, {**now, "Statement": [*kept, *added]})


def without_device(aws: Aws, bucket: str, device: str) -> list[Step]:
    """Return the steps that take `device` off the site, for `destroy`."""
    cameras = finding.shown(buckets.policy(aws, bucket))
    if device not in cameras:
        return []
    left = tuple(name for name in cameras if name != device)
    text = f"take {device} off the site"
    return [Step(text, lambda: _hide(aws, bucket, left), "remove")]


def _hide(aws: Aws, bucket: str, left: tuple[str, ...]) -> None:
    site = finding.find(aws, bucket)
    if site:
        finding.store_of(aws, site).set_cameras(left)
    wanted = finding.statement(aws, bucket, site.arn, left) if site and left else None
    _put_statement(aws, bucket, wanted)


def destroy_steps(aws: Aws, bucket: str) -> list[Step]:
    """Return the steps that remove the site with all links; the last one takes some minutes."""
    try:
        site = finding.find(aws, bucket)
    except AwsError as error:
        # Who has no site needs neither CloudFront nor permissions for it.
        if finding.shown(buckets.policy(aws, bucket)) or not (error.denied or error.no_service):
            raise
        return []
    name = _name(bucket, site)
    if not site and not parts.function_arn(aws, name) and not parts.store_arn(aws, name):
        return []
    found = [Step("remove the site at CloudFront, its function and every link",
                  lambda: _remove_parts(aws, name), "remove")]  # fmt: skip
    if site:
        text = f"switch off and delete the site https://{site.domain}/ (takes some minutes)"
        found.insert(0, Step(text, lambda: remove_distribution(aws, bucket, site), "remove"))
    return found


def remove_distribution(
    aws: Aws, bucket: str, site: Site, clock: Any = time, timeout_s: float = _OFF_TIMEOUT_S
) -> None:
    """Switch the distribution off, wait until all of CloudFront knows, and delete it.

    Raises MegacamError if that takes too long; the next call goes on from there.
    """
    # Without this statement, S3 refuses the site at once.
    _put_statement(aws, bucket, None)
    found = aws.call("cloudfront", "get_distribution_config", Id=site.id)
    if found["DistributionConfig"]["Enabled"]:
        config = {**found["DistributionConfig"], "Enabled": False}
        order = {"Id": site.id, "IfMatch": found["ETag"], "DistributionConfig": config}
        aws.call("cloudfront", "update_distribution", **order)
    deadline_s = clock.monotonic() + timeout_s
    while True:
        about = aws.call("cloudfront", "get_distribution", Id=site.id)
        if about["Distribution"]["Status"] == "Deployed":
            break
        if clock.monotonic() > deadline_s:
            raise MegacamError(
                f"CloudFront is still switching off {site.domain}; run the same command again in "
                "some minutes"
            )
        clock.sleep(_OFF_PAUSE_S)
    aws.call("cloudfront", "delete_distribution", Id=site.id, IfMatch=about["ETag"])


def _remove_parts(aws: Aws, name: str) -> None:
    parts.remove_function(aws, name)
    parts.remove_store(aws, name)
    for wanted in documents.header_policies(name).values():
        parts.remove(aws, parts.HEADERS, wanted["Name"])
    parts.remove(aws, parts.CACHE, name)
    parts.remove(aws, parts.ACCESS, name)
