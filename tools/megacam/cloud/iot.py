"""Access without an IAM user: the board has a certificate and fetches short-lived credentials.

Thing -> certificate -> IoT policy -> role alias -> role. The role may only put objects under the
thing's own name.
https://docs.aws.amazon.com/iot/latest/developerguide/authorizing-direct-aws.html
"""

import base64
import contextlib
import dataclasses
import json
import os
import re
import ssl
import time
from typing import Any

from megacam.aws import Aws, AwsError
from megacam.cloud import keys, policies, rights
from megacam.cloud.keys import POLICY
from megacam.cloud.plan import Step
from megacam.cloud.spec import CloudSpec, role_name, shared_name, user_path
from megacam.errors import MegacamError

# The default maximum session of a role; the board fetches new credentials once an hour.
CREDENTIALS_VALID_S = 3600
# IAM replaces this with the name of the calling thing, so one role serves all devices of a bucket.
THING = "${credentials-iot:ThingName}"
_GONE = ("ResourceNotFoundException",)
_NO_ROLE = ("NoSuchEntity",)
# Detaching takes seconds to take effect; until then things and certificates cannot be deleted:
# https://docs.aws.amazon.com/iot/latest/apireference/API_DetachThingPrincipal.html
_STILL_ATTACHED = ("DeleteConflictException", "InvalidRequestException")
_DETACH_TIMEOUT_S = 30
_DETACH_PAUSE_S = 1
_PEM_BODY = re.compile(r"-----BEGIN [A-Z ]+-----(.+?)-----END", re.DOTALL)


@dataclasses.dataclass(frozen=True)
class DeviceCertificate:
    """What a board needs to fetch its credentials; its repr() leaves out the private key.

    `endpoint` is HOST or HOST:PORT. `role_alias` is NAME in GET /role-aliases/NAME/credentials.
    """

    identity: str
    thing: str
    endpoint: str
    role_alias: str
    certificate_pem: str = dataclasses.field(repr=False)
    private_key_pem: str = dataclasses.field(repr=False)

    @property
    def certificate_der(self) -> bytes:
        """The certificate as the board stores it; DER is two thirds of the size of PEM."""
        return ssl.PEM_cert_to_DER_cert(self.certificate_pem)

    @property
    def private_key_der(self) -> bytes:
        """The private key as the board stores it."""
        found = _PEM_BODY.search(self.private_key_pem)
        assert found
        return base64.b64decode(found[1])


def role_arn(aws: Aws, bucket_name: str) -> str | None:
    """Return the ARN of the role behind the bucket's role alias, or None."""
    return next((one["Arn"] for one in _roles(aws, bucket_name)), None)


def _roles(aws: Aws, bucket_name: str) -> list[dict[str, Any]]:
    path = user_path(bucket_name)
    pages = aws.pages("iam", "list_roles", PathPrefix=path)
    # The roles of digests have longer paths.
    return [role for page in pages for role in page["Roles"] if role["Path"] == path]


def alias_arn(aws: Aws, bucket_name: str) -> str:
    """Return the ARN of a bucket's role alias, whether it exists yet or not."""
    account = aws.identity["account"]
    return f"arn:{aws.partition}:iot:{aws.region}:{account}:rolealias/{shared_name(bucket_name)}"


def things(aws: Aws, bucket_name: str) -> list[str]:
    """Return the devices of a bucket that are IoT things; [] if IoT is missing or denied."""
    pages = aws.pages("iot", "list_things", attributeName="bucket", attributeValue=bucket_name)
    try:
        return [thing["thingName"] for page in pages for thing in page["things"]]
    except AwsError as error:
        # Not every region and not every AWS emulator has IoT, and users of access keys need no
        # permission to list things.
        if error.denied or not error.code:
            return []
        raise


def check_there(aws: Aws) -> None:
    """Raise MegacamError if there is no IoT, as in some regions and AWS emulators."""
    try:
        aws.call("iot", "list_things", maxResults=1)
    except AwsError as error:
        if error.code:
            raise
        where = os.environ.get("AWS_ENDPOINT_URL") or f"the region {aws.region}"
        raise MegacamError(
            f"--iot needs AWS IoT, which {where} does not have; leave out --iot to give the "
            "camera an access key"
        ) from None


def is_only_way(aws: Aws, bucket_name: str, device: str) -> bool:
    """Return True if the device is an IoT thing and has no IAM user."""
    no_user = keys.find_user(aws, bucket_name, device) is None
    return no_user and device in things(aws, bucket_name)


def steps(aws: Aws, spec: CloudSpec) -> list[Step]:
    """Return the steps for the role, the role alias, the IoT policy and the thing."""
    return [*_role_steps(aws, spec), *_alias_steps(aws, spec), _thing_step(aws, spec)]


def role_is_put_only(aws: Aws, bucket_name: str) -> bool:
    """Return True if the role of the bucket's devices can put photos and nothing else."""
    roles = _roles(aws, bucket_name)
    return bool(roles) and rights.is_right(aws, role_policy(aws, bucket_name), bucket_name, THING)


def role_policy(aws: Aws, bucket_name: str) -> dict[str, Any] | None:
    """Return the policy of the role of the bucket's devices, or None."""
    roles = _roles(aws, bucket_name)
    return _role_policy(aws, roles[0]["RoleName"]) if roles else None


def role_was(aws: Aws, bucket_name: str) -> str:
    """Return in words what is wrong with the policy of the devices' role, or ""."""
    return rights.was(aws, role_policy(aws, bucket_name), bucket_name, THING)


def _role_policy(aws: Aws, role: str) -> dict[str, Any] | None:
    arguments = {"RoleName": role, "PolicyName": POLICY}
    found = aws.call("iam", "get_role_policy", missing=_NO_ROLE, **arguments)
    return found["PolicyDocument"] if found else None


def _role_steps(aws: Aws, spec: CloudSpec) -> list[Step]:
    roles = _roles(aws, spec.bucket)
    name = roles[0]["RoleName"] if roles else role_name(spec.bucket)
    trust = json.dumps(policies.iot_trust())
    create: dict[str, Any] = {"Path": user_path(spec.bucket), "AssumeRolePolicyDocument": trust}
    found = _role_policy(aws, name) if roles else None
    updates = policies.takes_updates(found) if spec.updates is None else spec.updates
    wanted = rights.wanted(aws, spec.bucket, THING, updates)
    put = {"RoleName": name, "PolicyName": POLICY, "PolicyDocument": json.dumps(wanted)}
    return [
        Step(
            f"create the role {name} for devices",
            None if roles else lambda: aws.call("iam", "create_role", RoleName=name, **create),
        ),
        Step(
            rights.text(aws, "under the name of the device that asks", updates),
            None if found == wanted else lambda: aws.call("iam", "put_role_policy", **put),
            "change" if found else "add",
            rights.detail(aws, found, spec.bucket, THING),
        ),
    ]


def _alias_steps(aws: Aws, spec: CloudSpec) -> list[Step]:
    name = shared_name(spec.bucket)
    alias = aws.call("iot", "describe_role_alias", missing=_GONE, roleAlias=name)
    policy = aws.call("iot", "get_policy", missing=_GONE, policyName=name)
    document = json.dumps(policies.iot_certificate(alias_arn(aws, spec.bucket)))
    create: dict[str, Any] = {"policyName": name, "policyDocument": document}
    return [
        Step(
            f"create the role alias {name}, credentials valid {CREDENTIALS_VALID_S // 60} minutes",
            None if alias else lambda: _create_alias(aws, spec.bucket),
        ),
        Step(
            f"create the IoT policy {name}: assume that role, nothing else",
            None if policy else lambda: aws.call("iot", "create_policy", **create),
        ),
    ]


def _create_alias(aws: Aws, bucket_name: str) -> None:
    aws.call(
        "iot",
        "create_role_alias",
        roleAlias=shared_name(bucket_name),
        roleArn=role_arn(aws, bucket_name),
        credentialDurationSeconds=CREDENTIALS_VALID_S,
    )


def _thing_step(aws: Aws, spec: CloudSpec) -> Step:
    found = aws.call("iot", "describe_thing", missing=_GONE, thingName=spec.device)
    text = f"create the IoT thing {spec.device}"
    if found:
        other = found.get("attributes", {}).get("bucket")
        if other != spec.bucket:
            raise MegacamError(
                f"there is an IoT thing {spec.device} already, and it belongs to "
                f"{other or 'something else'}; choose another --device"
            )
        return Step(text)
    attributes = {"attributes": {"bucket": spec.bucket}}
    arguments = {"thingName": spec.device, "attributePayload": attributes}
    return Step(text, lambda: aws.call("iot", "create_thing", **arguments))


def destroy_steps(aws: Aws, bucket_name: str, device: str) -> list[Step]:
    """Return the steps that delete the device's certificates and its thing."""
    if device not in things(aws, bucket_name):
        return []
    ring = Certificates(aws, bucket_name, device)
    found = [
        Step(
            f"delete the certificate {one['id'][:12]}… of {device}",
            _delete(ring, one["id"]),
            "remove",
        )
        for one in ring.list()
    ]
    remove = Step(
        f"delete the IoT thing {device}",
        lambda: _delete_detached(aws, "delete_thing", time, thingName=device),
        "remove",
    )
    return [*found, remove]


def _delete_detached(aws: Aws, operation: str, clock: Any, **arguments: Any) -> None:
    deadline_s = clock.monotonic() + _DETACH_TIMEOUT_S
    while True:
        try:
            aws.call("iot", operation, missing=_GONE, **arguments)
            return
        except AwsError as error:
            if error.code not in _STILL_ATTACHED or clock.monotonic() > deadline_s:
                raise
        clock.sleep(_DETACH_PAUSE_S)


def _delete(ring: "Certificates", identity: str) -> Any:
    return lambda: ring.delete(identity)


def shared_destroy_steps(aws: Aws, bucket_name: str) -> list[Step]:
    """Return the steps that delete what a bucket's devices shared: role alias, policy and role."""
    name, roles, found = shared_name(bucket_name), _roles(aws, bucket_name), []
    # The role is created first and deleted last: if there is no role, there is nothing to delete
    # and no need to ask IoT.
    for word, get, delete, field in _SHARED if roles else ():
        if aws.call("iot", get, missing=_GONE, **{field: name}):
            found.append(
                Step(f"delete the {word} {name}", _call(aws, delete, field, name), "remove")
            )
    return [*found, *(_delete_role(aws, role["RoleName"]) for role in roles)]


_SHARED = (
    ("role alias", "describe_role_alias", "delete_role_alias", "roleAlias"),
    ("IoT policy", "get_policy", "delete_policy", "policyName"),
)


def _call(aws: Aws, operation: str, field: str, name: str) -> Any:
    arguments: dict[str, Any] = {field: name}
    return lambda: aws.call("iot", operation, **arguments)


def _delete_role(aws: Aws, name: str) -> Step:
    def make() -> None:
        aws.call("iam", "delete_role_policy", missing=_NO_ROLE, RoleName=name, PolicyName=POLICY)
        aws.call("iam", "delete_role", missing=_NO_ROLE, RoleName=name)

    return Step(f"delete the role {name}", make, "remove")


class Certificates:
    """The certificates of one device's thing: a KeyRing for `rotate`."""

    word = "certificate"
    # AWS allows more; a rotation needs two.
    limit = 2

    def __init__(self, aws: Aws, bucket_name: str, device: str, clock: Any = time):
        self._aws = aws
        self._bucket = bucket_name
        self._device = device
        self._clock = clock

    def list(self) -> list[dict[str, Any]]:
        """Return {"id", "active", "made" (datetime)} of each certificate, oldest first."""
        found = self._aws.call(
            "iot", "list_thing_principals", missing=_GONE, thingName=self._device
        )
        if found is None:
            raise MegacamError(
                f"{self._device} is not an IoT thing in this account; run "
                "`megacam cloud create --iot` first"
            )
        described = [self._describe(arn.split("/")[-1]) for arn in found["principals"]]
        keys = [
            {
                "id": one["certificateId"],
                "active": one["status"] == "ACTIVE",
                "made": one["creationDate"],
            }
            for one in described
            if one
        ]
        return sorted(keys, key=lambda one: one["made"])

    def make(self) -> DeviceCertificate:
        """Make a certificate and return it; the private key exists nowhere else."""
        aws, name = self._aws, shared_name(self._bucket)
        endpoint = aws.call("iot", "describe_endpoint", endpointType="iot:CredentialProvider")
        with contextlib.ExitStack() as undo:
            made = aws.call("iot", "create_keys_and_certificate", setAsActive=True)
            identity, arn = made["certificateId"], made["certificateArn"]
            undo.callback(self.delete, identity)
            aws.call("iot", "attach_policy", policyName=name, target=arn)
            aws.call("iot", "attach_thing_principal", thingName=self._device, principal=arn)
            undo.pop_all()
        return DeviceCertificate(
            identity,
            self._device,
            endpoint["endpointAddress"],
            name,
            made["certificatePem"],
            made["keyPair"]["PrivateKey"],
        )

    def check(self, key: DeviceCertificate) -> None:
        """Do nothing: CPython loads a private key from a file only, so the board tests it."""

    def delete(self, identity: str) -> None:
        """Delete a certificate for good; do nothing if it does not exist."""
        found = self._describe(identity)
        if not found:
            return
        aws, arn = self._aws, found["certificateArn"]
        name = shared_name(self._bucket)
        thing = {"thingName": self._device, "principal": arn}
        # Disable the certificate first, and detach it from the thing last: if this is interrupted,
        # it no longer works and a second run still finds it.
        aws.call("iot", "update_certificate", certificateId=identity, newStatus="INACTIVE")
        aws.call("iot", "detach_policy", missing=_GONE, policyName=name, target=arn)
        aws.call("iot", "detach_thing_principal", missing=_GONE, **thing)
        order = {"certificateId": identity, "forceDelete": True}
        _delete_detached(aws, "delete_certificate", self._clock, **order)

    def _describe(self, identity: str) -> dict[str, Any] | None:
        found = self._aws.call(
            "iot", "describe_certificate", missing=_GONE, certificateId=identity
        )
        return found["certificateDescription"] if found else None
