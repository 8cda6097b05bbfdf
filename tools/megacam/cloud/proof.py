"""Prove that a device's key can only put new photos, by trying what must be refused.

A key that takes updates can also read them, and is proved to write none.
"""

import dataclasses
import functools
import time
from collections.abc import Callable
from typing import Any

from megacam.aws import AccessKey, Aws, AwsError
from megacam.cloud import policies, retention, rights
from megacam.cloud.spec import updates_folder
from megacam.errors import MegacamError

# A new key or policy takes some seconds, rarely more, to reach all servers of AWS:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html (eventually consistent)
_SPREAD_TIMEOUT_S = 60
_SPREAD_PAUSE_S = 2
_OBJECT = "megacam-proof"
# The condition that a camera sends with every photo: store it only if the name is new.
_NEW: dict[str, Any] = {"IfNoneMatch": "*"}
_IS_THERE = ("PreconditionFailed", "412")
# A store may refuse a condition that it does not support with one of these codes.
_NONSENSE = ("NotImplemented", "InvalidArgument", "InvalidRequest", "501", "400")
_OVERWRITE = "overwrite a photo"
_DIGEST = "write a digest"
# These are not refusals: "not found" means that the caller was allowed to look.
_LOOKED = ("NoSuchKey", "NoSuchBucketPolicy", "404")


@dataclasses.dataclass(frozen=True)
class Trial:
    """One thing that was tried with the key; `right`: the result is as it should be.

    `must`: a key must not be used if this trial is not right.
    """

    text: str
    allowed: bool
    right: bool
    must: bool = True


class TooMuchAllowedError(MegacamError):
    """The key can do more than put photos; the message says what."""


def prove_put_only(
    aws: Aws,
    bucket: str,
    device: str,
    key: AccessKey,
    clock: Any = time,
    updates: bool = False,
) -> list[Trial]:
    """Put an object with `key`, then try everything that must be refused; return the trials.

    `updates`: the key must be able to read its releases.

    `aws` is the owner's access, used to clean up. Raises AwsError if the put is never accepted,
    and TooMuchAllowedError if something else is.
    """
    # An interrupted proof may have left its object, and the key can only put new objects.
    _clean_up(aws, bucket, device)
    try:
        seen = aws.as_key(key)
        trials = _try_all(aws, seen, bucket, device, clock)
        if updates:
            trials += _try_updates(aws, seen, bucket, device, clock)
    finally:
        _clean_up(aws, bucket, device)
    wrong = [trial.text for trial in trials if trial.must and not trial.right]
    if wrong:
        raise TooMuchAllowedError(
            f"the key {key.access_key_id} must only put new photos, but it could also: "
            f"{'; '.join(wrong)}; run `megacam cloud create`, and look for other policies on its "
            "user, group or bucket"
        )
    return trials


def _try_all(aws: Aws, seen: Aws, bucket: str, device: str, clock: Any) -> list[Trial]:
    deadline_s = clock.monotonic() + _SPREAD_TIMEOUT_S
    must, name = rights.is_amazon(aws), f"{device}/{_OBJECT}"
    put: dict[str, Any] = {"Bucket": bucket, "Key": name, "Body": b"", **(_NEW if must else {})}
    # If the answer to a put is lost, the retry is told that the name is taken.
    _spread(
        lambda: seen.call("s3", "put_object", missing=_IS_THERE, **put),
        _not_yet,
        deadline_s,
        clock,
    )
    trials = [Trial(f"put {name}", True, True)]
    trials += _overwrites(seen, bucket, device, must, deadline_s, clock)
    digest: dict[str, Any] = {**put, "Key": _digest(device), **_NEW}
    refused = _is_refused(seen, digest, (), deadline_s, clock)
    trials.append(Trial(_DIGEST, not refused, refused))
    for text, call in _forbidden(aws, seen, bucket, device):
        trials.append(_refused(text, call, deadline_s, clock))
    return trials


def _try_updates(aws: Aws, seen: Aws, bucket: str, device: str, clock: Any) -> list[Trial]:
    """Read a release as the device does, then try to write one; return the trials."""
    deadline_s = clock.monotonic() + _SPREAD_TIMEOUT_S
    [release, other, foreign] = _releases(device)
    for name in (release, foreign):
        aws.call("s3", "put_object", Bucket=bucket, Key=name, Body=b"release")
    there: dict[str, Any] = {"Bucket": bucket, "Key": release}
    _spread(lambda: seen.call("s3", "get_object", **there), _not_yet, deadline_s, clock)
    new: dict[str, Any] = {"Bucket": bucket, "Key": other, "Body": b"", **_NEW}
    tries: tuple[tuple[str, Aws, str, dict[str, Any]], ...] = (
        ("put an update", seen, "put_object", new),
        ("overwrite an update", seen, "put_object", {**there, "Body": b""}),
        ("delete an update", seen, "delete_object", there),
        ("read another camera's update", seen, "get_object", {**there, "Key": foreign}),
        ("without any key: read an update", aws.as_key(False), "get_object", there),
    )
    trials = [Trial("read its updates", True, True)]
    for text, who, operation, order in tries:
        call = functools.partial(who.call, "s3", operation, **order)
        trials.append(_refused(text, call, deadline_s, clock))
    return trials


def _releases(device: str) -> list[str]:
    """Return two objects among the device's updates, and one among another device's."""
    own, other = updates_folder(device), updates_folder(f"not-{device}")
    return [f"{own}/{_OBJECT}", f"{own}/{_OBJECT}-2", f"{other}/{_OBJECT}"]


def not_given(trials: list[Trial]) -> str:
    """Return in words which protections a store other than Amazon's lacks; "" for none."""
    missing = [trial.text for trial in trials if not trial.right]
    return f"this store does not refuse: {'; '.join(missing)}" if missing else ""


def _overwrites(
    seen: Aws, bucket: str, device: str, must: bool, deadline_s: float, clock: Any
) -> list[Trial]:
    """Try every way to overwrite the existing photo; return the trials."""
    photo: dict[str, Any] = {"Bucket": bucket, "Key": f"{device}/{_OBJECT}", "Body": b"other"}
    ways: tuple[tuple[str, dict[str, Any], tuple[str, ...]], ...] = (
        (_OVERWRITE, {}, ()),
        (f'{_OVERWRITE} with If-None-Match "0"', {"IfNoneMatch": '"0"'}, _NONSENSE + _IS_THERE),
        (f"{_OVERWRITE} with If-None-Match *", _NEW, _IS_THERE if must else _NONSENSE + _IS_THERE),
    )
    # A policy change takes time to propagate too: the old policy is still in force for a moment.
    until_s = deadline_s if must else clock.monotonic()
    found = []
    for text, how, refusals in ways:
        refused = _is_refused(seen, {**photo, **how}, refusals, until_s, clock)
        found.append(Trial(text, not refused, refused, must))
    if must:
        report = {**photo, "Key": f"{device}/{policies.REPORTS[1]}"}
        for _ in range(2):
            _spread(lambda: seen.call("s3", "put_object", **report), _not_yet, until_s, clock)
        found.append(Trial("replace a report", True, True))
    return found


def _is_refused(
    seen: Aws, order: dict[str, Any], refusals: tuple[str, ...], until_s: float, clock: Any
) -> bool:
    # Told that the name is taken, the caller could have put it: that is no refusal by itself.
    taken = tuple(code for code in _IS_THERE if code not in refusals)
    while True:
        try:
            seen.call("s3", "put_object", missing=taken, **order)
        except AwsError as error:
            if not error.denied and error.code not in refusals:
                raise
            return True
        if clock.monotonic() >= until_s:
            return False
        clock.sleep(_SPREAD_PAUSE_S)


def _not_yet(error: AwsError) -> bool:
    return error.denied or error.key_unknown


def _spread(
    call: Callable[[], Any], not_yet: Callable[[AwsError], bool], deadline_s: float, clock: Any
) -> None:
    """Repeat `call` while it raises an error for which `not_yet` returns True."""
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


def _digest(device: str) -> str:
    return f"{device}/_digest/{_OBJECT}"


def _refused(text: str, call: Callable[[], Any], deadline_s: float, clock: Any) -> Trial:
    try:
        # One service may know a new key before another does; an unknown key is not a refusal.
        _spread(call, lambda error: error.key_unknown, deadline_s, clock)
    except AwsError as error:
        if error.code not in _LOOKED and not error.denied:
            raise
        return Trial(text, not error.denied, error.denied)
    return Trial(text, True, False)


def _clean_up(aws: Aws, bucket: str, device: str) -> None:
    report = f"{device}/{policies.REPORTS[1]}"
    own = (f"{device}/{_OBJECT}", report, _digest(device), _elsewhere(device))
    for name in (*own, *_releases(device)):
        retention.delete(aws, bucket, name)
