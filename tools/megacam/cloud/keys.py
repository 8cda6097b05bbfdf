"""The device's IAM user, which can only put photos under the device's name."""

import json
from datetime import datetime
from typing import Any

from megacam.aws import AccessKey, Aws
from megacam.cloud import policies, proof, rights
from megacam.cloud.plan import Step
from megacam.cloud.spec import CloudSpec, user_name, user_path
from megacam.errors import MegacamError

POLICY = "put-photos"
_GONE = ("NoSuchEntity",)


def find_user(aws: Aws, bucket_name: str, device: str) -> str | None:
    """Return the name of the device's IAM user, or None."""
    path = user_path(bucket_name, device)
    return next((user["UserName"] for user in _users(aws, path)), None)


def devices(aws: Aws, bucket_name: str) -> dict[str, str]:
    """Return {device: name of its IAM user} for a bucket."""
    start = user_path(bucket_name)
    users = _users(aws, start)
    return {user["Path"][len(start) : -1]: user["UserName"] for user in users}


def _users(aws: Aws, path: str) -> list[dict[str, Any]]:
    pages = aws.pages("iam", "list_users", PathPrefix=path)
    return [user for page in pages for user in page["Users"]]


def steps(aws: Aws, spec: CloudSpec) -> list[Step]:
    """Return the steps for the device's user and its single permission."""
    name = find_user(aws, spec.bucket, spec.device)
    found = user_policy(aws, name) if name else None
    updates = policies.takes_updates(found) if spec.updates is None else spec.updates
    wanted = rights.wanted(aws, spec.bucket, spec.device, updates)
    user = name or user_name(spec.bucket, spec.device)
    make_user = None if name else lambda: _create_user(aws, spec)
    return [
        Step(f"create the IAM user {user}", make_user),
        Step(
            rights.text(aws, f"under {spec.device}/", updates),
            None if found == wanted else lambda: _put_policy(aws, user, wanted),
            "change" if found else "add",
            rights.detail(aws, found, spec.bucket, spec.device),
        ),
        *_excess_steps(aws, name),
    ]


def user_policy(aws: Aws, user: str) -> dict[str, Any] | None:
    """Return the user's inline policy document, which boto3 decodes, or None."""
    found = aws.call("iam", "get_user_policy", missing=_GONE, UserName=user, PolicyName=POLICY)
    return found["PolicyDocument"] if found else None


def excess(aws: Aws, user: str) -> list[str]:
    """Return in words what else gives the user permissions: other policies and groups."""
    inline = aws.call("iam", "list_user_policies", UserName=user)["PolicyNames"]
    attached = aws.call("iam", "list_attached_user_policies", UserName=user)["AttachedPolicies"]
    groups = aws.call("iam", "list_groups_for_user", UserName=user)["Groups"]
    return [
        *(f"policy {name}" for name in inline if name != POLICY),
        *(f"attached policy {one['PolicyName']}" for one in attached),
        *(f"group {one['GroupName']}" for one in groups),
    ]


def _excess_steps(aws: Aws, user: str | None) -> list[Step]:
    if not user or not excess(aws, user):
        return []
    more = ", ".join(excess(aws, user))
    return [Step(f"remove excess permissions: {more}", lambda: strip(aws, user), "remove")]


def strip(aws: Aws, user: str) -> None:
    """Remove every permission of the user except the one to put photos."""
    for name in aws.call("iam", "list_user_policies", UserName=user)["PolicyNames"]:
        if name != POLICY:
            aws.call("iam", "delete_user_policy", UserName=user, PolicyName=name)
    attached = aws.call("iam", "list_attached_user_policies", UserName=user)["AttachedPolicies"]
    for one in attached:
        aws.call("iam", "detach_user_policy", UserName=user, PolicyArn=one["PolicyArn"])
    for one in aws.call("iam", "list_groups_for_user", UserName=user)["Groups"]:
        aws.call("iam", "remove_user_from_group", UserName=user, GroupName=one["GroupName"])


def _create_user(aws: Aws, spec: CloudSpec) -> None:
    tags = {"megacam:bucket": spec.bucket, "megacam:device": spec.device}
    aws.call(
        "iam",
        "create_user",
        UserName=user_name(spec.bucket, spec.device),
        Path=user_path(spec.bucket, spec.device),
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )


def _put_policy(aws: Aws, user: str, wanted: dict[str, Any]) -> None:
    text = json.dumps(wanted)
    aws.call("iam", "put_user_policy", UserName=user, PolicyName=POLICY, PolicyDocument=text)


def destroy_steps(aws: Aws, bucket_name: str, device: str) -> list[Step]:
    """Return the steps that delete the device's keys and its user."""
    user = find_user(aws, bucket_name, device)
    if not user:
        return []
    keys = AccessKeys(aws, bucket_name, device)
    found = [
        Step(f"delete the access key {one['id']} of {device}", _delete(keys, one["id"]), "remove")
        for one in keys.list()
    ]
    return [*found, Step(f"delete the IAM user {user}", lambda: _delete_user(aws, user), "remove")]


def _delete(keys: "AccessKeys", identity: str) -> Any:
    return lambda: keys.delete(identity)


def _delete_user(aws: Aws, user: str) -> None:
    strip(aws, user)
    aws.call("iam", "delete_user_policy", missing=_GONE, UserName=user, PolicyName=POLICY)
    aws.call("iam", "delete_user", missing=_GONE, UserName=user)


class AccessKeys:
    """The access keys of one device's IAM user: a KeyRing for `rotate`."""

    word = "access key"
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    limit = 2

    def __init__(self, aws: Aws, bucket_name: str, device: str):
        self._aws = aws
        self._bucket = bucket_name
        self._device = device
        self._user = find_user(aws, bucket_name, device)

    @property
    def user(self) -> str:
        """The name of the IAM user; raises MegacamError if there is none."""
        if not self._user:
            raise MegacamError(
                f"{self._device} has no IAM user in this account for the bucket {self._bucket}; "
                "run `megacam cloud create` first"
            )
        return self._user

    def list(self) -> list[dict[str, Any]]:
        """Return {"id", "active", "made" (datetime)} of each key, oldest first."""
        found = self._aws.call("iam", "list_access_keys", UserName=self.user)
        keys = [
            {
                "id": one["AccessKeyId"],
                "active": one["Status"] == "Active",
                "made": one["CreateDate"],
            }
            for one in found["AccessKeyMetadata"]
        ]
        return sorted(keys, key=lambda one: one["made"])

    def make(self) -> AccessKey:
        """Make a key and return it; the secret exists nowhere else."""
        made = self._aws.call("iam", "create_access_key", UserName=self.user)["AccessKey"]
        return AccessKey(made["AccessKeyId"], made["SecretAccessKey"])

    def check(self, key: AccessKey) -> str:
        """Wait until AWS accepts the key; raises MegacamError if it never does or allows too much.

        Returns in words which protections this store lacks; "" at Amazon.
        """
        updates = policies.takes_updates(user_policy(self._aws, self.user))
        trials = proof.prove_put_only(self._aws, self._bucket, self._device, key, updates=updates)
        return proof.not_given(trials)

    def delete(self, identity: str) -> None:
        """Delete a key for good; do nothing if it does not exist."""
        self._aws.call(
            "iam", "delete_access_key", missing=_GONE, UserName=self.user, AccessKeyId=identity
        )

    def last_used(self, identity: str) -> datetime | None:
        """Return when the key was last used according to IAM (some hours late), or None."""
        found = self._aws.call("iam", "get_access_key_last_used", AccessKeyId=identity)
        return found["AccessKeyLastUsed"].get("LastUsedDate")
