"""Examine the private site of a bucket from outside."""

from collections.abc import Iterator

from megacam.aws import Aws
from megacam.cloud import bucket as buckets
from megacam.cloud.site import report
from megacam.doctor import checks
from megacam.doctor.run import Result
from megacam.errors import MegacamError

_NAME = "site"


def examine(aws: Aws, bucket: str) -> Iterator[Result]:
    """Yield a result for every request that the site must refuse or answer."""
    try:
        found = report.report(aws, bucket, buckets.policy(aws, bucket))
    except MegacamError as error:
        yield _result("bad", str(error), "unread")
        return
    if not found:
        yield _result("bad", f"{bucket} has no site", "none")
        return
    if not found.trials:
        yield _result("warn", f"{found.address} cannot be examined yet", "rolling")
    for trial in found.trials:
        words = f"{trial.text}: {trial.found}"
        yield Result(_NAME, "good", words) if trial.right else _result("bad", words, "")


def _result(state: str, found: str, code: str) -> Result:
    return Result(_NAME, state, found, checks.cause(_NAME, code))
