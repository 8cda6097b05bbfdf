"""Proof that a device's key can put photos and nothing else: by trying what must fail."""

import dataclasses
import time
from collections.abc import Callable
from typing import Any

from megacam.aws import AccessKey, Aws, AwsError
from megacam.errors import MegacamError

# A new key and a new policy take some seconds, rarely more, to reach every server of AWS:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html (eventually consistent)
_SPREAD_TIMEOUT_S = 60
_SPREAD_PAUSE_S = 2
_OBJECT = "megacam-proof"
# Not a refusal: whoever is told that nothing is there was allowed to look.
_LOOKED = ("NoSuchKey", "NoSuchBucketPolicy", "404")


@dataclasses.dataclass(frozen=True)
class Trial:
    """One thing that was tried with the key; `right`: it went as it must."""

    text: str
    allowed: bool
    right: bool


class TooMuchAllowedError(MegacamError):
    """The key can do more than put photos; the message says what."""


def prove_put_only(
    aws: Aws, bucket: str, device: str, key: AccessKey, clock: Any = time
) -> list[Trial]:
    """Put an object with `key`, then try everything that must be refused; return the trials.

    `aws` is the owner, who cleans up. Raises AwsError if the put is never accepted and
    TooMuchAllowedError if anything else is.
    """
    seen = aws.as_key(key)
    name = f"{device}/{_OBJECT}"
    deadline_s = clock.monotonic() + _SPREAD_TIMEOUT_S
    put: dict[str, Any] = {"Bucket": bucket, "Key": name, "Body": b""}
    try:
        _spread(lambda: seen.call("s3", "put_object", **put), _not_yet, deadline_s, clock)
        trials = [Trial(f"put {name}", True, True)]
        for text, call in _forbidden(aws, seen, bucket, device):
            trials.append(_refused(text, call, deadline_s, clock))
    finally:
        _clean_up(aws, bucket, device)
    wrong = [trial.text for trial in trials if not trial.right]
    if wrong:
        raise TooMuchAllowedError(
            f"the key {key.access_key_id} must only put photos, but it could also: "
            f"{'; '.join(wrong)}; look for other policies on its user, group or bucket"
        )
    return trials


def _not_yet(error: AwsError) -> bool:
    return error.denied or error.key_unknown


def _spread(
    call: Callable[[], Any], not_yet: Callable[[AwsError], bool], deadline_s: float, clock: Any
) -> None:
    """Call until AWS's answer is no longer one that `not_yet` knows of a key that spreads."""
    while True:
        try:
            call()
            return
        except AwsError as error:
            if not not_yet(error):
                raise
            if clock.monotonic() > deadline_s:
                raise AwsError(
                    f"AWS still refuses the new key after {_SPREAD_TIMEOUT_S} s ({error.code}); "
                    "look for a policy of your organisation, or for a KMS key on the bucket",
                    error.code,
                ) from error
        clock.sleep(_SPREAD_PAUSE_S)


def _forbidden(
    aws: Aws, seen: Aws, bucket: str, device: str
) -> list[tuple[str, Callable[[], Any]]]:
    name = f"{device}/{_OBJECT}"
    there: dict[str, Any] = {"Bucket": bucket}
    other: dict[str, Any] = {"Bucket": bucket, "Key": _elsewhere(device)}
    anybody = aws.as_key(False)
    return [
        ("put outside its own folder", lambda: seen.call("s3", "put_object", **other, Body=b"")),
        ("read a photo", lambda: seen.call("s3", "get_object", **there, Key=name)),
        ("look at a photo's metadata", lambda: seen.call("s3", "head_object", **there, Key=name)),
        ("list the bucket", lambda: seen.call("s3", "list_objects_v2", **there)),
        ("read the bucket's policy", lambda: seen.call("s3", "get_bucket_policy", **there)),
        ("list other buckets", lambda: seen.call("s3", "list_buckets")),
        ("see the account's users", lambda: seen.call("iam", "list_users")),
        (
            "without any key: read an object",
            lambda: anybody.call("s3", "get_object", **there, Key=name),
        ),
        (
            "without any key: list the bucket",
            lambda: anybody.call("s3", "list_objects_v2", **there),
        ),
        (
            "without any key: put a photo",
            lambda: anybody.call("s3", "put_object", **there, Key=name, Body=b""),
        ),
        ("delete a photo", lambda: seen.call("s3", "delete_object", **there, Key=name)),
    ]


def _elsewhere(device: str) -> str:
    return f"not-{device}/{_OBJECT}"


def _refused(text: str, call: Callable[[], Any], deadline_s: float, clock: Any) -> Trial:
    try:
        # One service may know a new key while the next one does not: that is no refusal yet.
        _spread(call, lambda error: error.key_unknown, deadline_s, clock)
    except AwsError as error:
        if error.code not in _LOOKED and not error.denied:
            raise
        return Trial(text, not error.denied, error.denied)
    return Trial(text, True, False)


def _clean_up(aws: Aws, bucket: str, device: str) -> None:
    for name in (f"{device}/{_OBJECT}", _elsewhere(device)):
        aws.call("s3", "delete_object", missing=("NoSuchBucket",), Bucket=bucket, Key=name)
