"""Report what is in the account: the bucket's protections, its devices and their keys."""

import dataclasses
from datetime import datetime, timezone
from typing import Any

from megacam.aws import Aws
from megacam.cloud import bucket, budget, digest, iot, keys, policies, retention, rights, simulator
from megacam.cloud.site import report as site_report
from megacam.cloud.spec import shared_name, user_path
from megacam.errors import MegacamError
from megacam.words import count

# The age from which `show` suggests a rotation, as AWS does:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html
KEY_OLD_DAYS = 90


@dataclasses.dataclass(frozen=True)
class Check:
    """One protection of the bucket: its name, its state, and whether the state is right."""

    name: str
    found: str
    right: bool


@dataclasses.dataclass(frozen=True)
class Key:
    """An access key or certificate of a device."""

    id: str
    active: bool
    age_days: int


@dataclasses.dataclass(frozen=True)
class Device:
    """A device: how it signs in and as whom, its permissions, its retention and its digest.

    `updates`: it may also read its releases; `put_only` does not count that.
    `digest` says when a Lambda function sums up its photos, "" for never.
    """

    name: str
    kind: str
    user: str
    put_only: bool
    updates: bool
    keep_days: int | None
    public: bool
    keys: tuple[Key, ...]
    remarks: tuple[str, ...]
    digest: str = ""


@dataclasses.dataclass(frozen=True)
class Report:
    """Everything that `cloud show` prints; its JSON is `dataclasses.asdict` of this."""

    bucket: str
    region: str
    account: str
    checks: tuple[Check, ...]
    devices: tuple[Device, ...]
    budget_usd: float | None
    site: site_report.Report | None = None
    budget_remark: str = ""


def report(aws: Aws, bucket_name: str, now: datetime | None = None) -> Report:
    """Return a report of all that `create` made; raises MegacamError if the bucket is missing."""
    if not bucket.exists(aws, bucket_name):
        raise MegacamError(
            f"there is no bucket {bucket_name} in this account; make it with "
            "`megacam cloud create`"
        )
    moment = now or datetime.now(timezone.utc)
    document = bucket.policy(aws, bucket_name)
    rules = retention.lifecycle(aws, bucket_name)
    users = [
        _user(aws, bucket_name, name, user, document, rules, moment)
        for name, user in sorted(keys.devices(aws, bucket_name).items())
    ]
    things = [
        _thing(aws, bucket_name, name, document, rules, moment)
        for name in sorted(iot.things(aws, bucket_name))
    ]
    limit_usd, remark = budget.look(aws, bucket_name)
    return Report(
        bucket_name,
        aws.region,
        aws.identity["account"],
        (
            *_checks(aws, bucket_name, document),
            *_updates(document, any(one.updates for one in (*users, *things))),
        ),
        tuple(_with_digest(aws, bucket_name, device) for device in (*users, *things)),
        limit_usd,
        site_report.report(aws, bucket_name, document),
        remark,
    )


def _checks(aws: Aws, name: str, document: dict[str, Any]) -> list[Check]:
    blocks = bucket.public_access(aws, name)
    off = [block for block, on in blocks.items() if not on]
    sids = {str(one.get("Sid", "")) for one in document["Statement"]}
    shown = sorted(sid for sid in sids if sid.startswith(policies.PUBLIC_READ))
    owner = bucket.ownership(aws, name)
    cipher = bucket.algorithm(aws, name)
    origins = [origin for rule in bucket.cors(aws, name) for origin in rule["AllowedOrigins"]]
    public = "blocked" if not off else "off: " + ", ".join(off)
    if shown:
        public = "photos of some devices are public, as asked for"
    return [
        Check("public access", public, not off or bool(shown)),
        Check("ownership", owner or "not set", owner == "BucketOwnerEnforced"),
        Check("encryption at rest", _cipher_words(cipher), cipher == "AES256"),
        Check(
            "TLS only",
            "enforced" if policies.TLS_ONLY in sids else "plain HTTP is possible",
            policies.TLS_ONLY in sids,
        ),
        Check("old versions", *_versions(aws, name)),
        Check("gallery origins", ", ".join(origins) or "none", bool(origins)),
    ]


def _updates(document: dict[str, Any], are_taken: bool) -> list[Check]:
    closed = bucket.updates_are_the_owners(document)
    if not closed and not are_taken:
        return []
    words = "only you may write them" if closed else "cameras and others may write them"
    return [Check("updates", words, closed)]


def _versions(aws: Aws, name: str) -> tuple[str, bool]:
    days = sorted(set(retention.version_days(retention.lifecycle(aws, name)).values()))
    words = " or ".join([*map(str, days[:-1]), *(count(one, "day") for one in days[-1:])])
    if retention.versioned(aws, name):
        kept = "kept for ever at your cost; limit it: `megacam cloud create --keep-versions DAYS`"
        return (f"kept {words}" if days else kept), bool(days)
    left = f"; existing old versions are deleted after {words}" if days else ""
    return f"not kept: overwritten and deleted objects are lost{left}", True


def _cipher_words(cipher: str) -> str:
    if cipher.startswith("aws:kms"):
        return f"{cipher}, which a put-only key may not use: make SSE-S3 the bucket's default"
    return cipher or "not set"


def _user(
    aws: Aws,
    bucket_name: str,
    name: str,
    user: str,
    document: dict[str, Any],
    rules: list[dict[str, Any]],
    now: datetime,
) -> Device:
    may = keys.user_policy(aws, user)
    more = keys.excess(aws, user)
    account = aws.identity["account"]
    arn = f"arn:{aws.partition}:iam::{account}:user{user_path(bucket_name, name)}{user}"
    tried = simulator.excess(aws, arn, bucket_name, name)
    right = rights.is_right(aws, may, bucket_name, name) and not more and not tried
    found = _aged(keys.AccessKeys(aws, bucket_name, name).list(), now)
    remarks = [f"has more rights than it needs: {', '.join(more)}"] if more else []
    remarks += _policy_remarks(rights.was(aws, may, bucket_name, name), name)
    remarks += _tried_remarks(tried)
    return Device(
        name,
        "access key",
        user,
        right,
        policies.takes_updates(may),
        retention.keep_days(rules, name),
        _is_public(document, name),
        found,
        (*remarks, *_key_remarks(found)),
    )


def _thing(
    aws: Aws,
    bucket_name: str,
    name: str,
    document: dict[str, Any],
    rules: list[dict[str, Any]],
    now: datetime,
) -> Device:
    found = _aged(iot.Certificates(aws, bucket_name, name).list(), now)
    role = iot.role_arn(aws, bucket_name)
    tried = simulator.excess(aws, role, bucket_name, name) if role else []
    return Device(
        name,
        "certificate",
        shared_name(bucket_name),
        iot.role_is_put_only(aws, bucket_name) and not tried,
        policies.takes_updates(iot.role_policy(aws, bucket_name)),
        retention.keep_days(rules, name),
        _is_public(document, name),
        found,
        (
            *_policy_remarks(iot.role_was(aws, bucket_name), f"{name} --iot"),
            *_tried_remarks(tried),
            *_key_remarks(found, old_days=None),
        ),
    )


def _with_digest(aws: Aws, bucket_name: str, device: Device) -> Device:
    words, remarks = digest.report(aws, bucket_name, device.name)
    return dataclasses.replace(device, digest=words, remarks=(*device.remarks, *remarks))


def _policy_remarks(was: str, device: str) -> list[str]:
    mend = f"`megacam cloud create --device {device}` updates it"
    return [f"its policy {was}; {mend}"] if was else []


def _tried_remarks(tried: list[str]) -> list[str]:
    return [f"IAM would let it {', '.join(tried)}"] if tried else []


def _is_public(document: dict[str, Any], device: str) -> bool:
    sid = policies.public_read_sid(device)
    return any(one.get("Sid") == sid for one in document["Statement"])


def _aged(found: list[dict[str, Any]], now: datetime) -> tuple[Key, ...]:
    return tuple(Key(one["id"], one["active"], (now - one["made"]).days) for one in found)


def _key_remarks(found: tuple[Key, ...], old_days: int | None = KEY_OLD_DAYS) -> list[str]:
    if not found:
        return ["no key yet: `megacam cloud rotate` makes one and puts it on the board"]
    said = []
    if len(found) > 1:
        said.append("two keys: a rotation was interrupted; `megacam cloud rotate` completes it")
    oldest = max(key.age_days for key in found)
    if old_days is not None and oldest > old_days:
        said.append(f"the key is {count(oldest, 'day')} old; replace it: `megacam cloud rotate`")
    return said
