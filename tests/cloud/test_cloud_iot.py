"""Devices that sign in with a certificate."""

import json
import subprocess

import pytest
from botocore.awsrequest import AWSResponse
from megacam.cloud import create, destroy, iot, rotate, show
from megacam.cloud.spec import CloudSpec
from megacam.errors import MegacamError
from role_aliases import Raw

pytest_plugins = ("local_aws", "role_aliases")


class Board:
    """A board that accepts every certificate."""

    def __init__(self):
        self.held = []

    def put_key(self, key):
        self.held.append(key)

    def prove_key(self, key):
        assert key is self.held[-1]

    def key_identity(self):
        return self.held[-1].identity


def _device(account, name):
    return CloudSpec(account.bucket, name, iot=True)


def _name(account):
    return f"cam-{account.bucket.split('-')[-1]}"


def test_a_certificate_device_has_no_user_and_a_role_that_puts_under_its_own_name(
    account, aliases
):
    name = _name(account)
    create.plan(account.aws, _device(account, name)).make()
    iam = account.client("iam")
    assert iam.list_users(PathPrefix=f"/megacam/{account.bucket}/")["Users"] == []
    [role] = iam.list_roles(PathPrefix=f"/megacam/{account.bucket}/")["Roles"]
    trust = role["AssumeRolePolicyDocument"]["Statement"]
    assert [one["Principal"] for one in trust] == [{"Service": "credentials.iot.amazonaws.com"}]
    policy = iam.get_role_policy(RoleName=role["RoleName"], PolicyName="put-photos")
    may, may_not = policy["PolicyDocument"]["Statement"]
    assert may["Action"] == "s3:PutObject"
    own = f"arn:aws:s3:::{account.bucket}/${{credentials-iot:ThingName}}/"
    assert (may["Resource"], may_not["Resource"]) == (own + "*", own + "_*")
    assert (may["Effect"], may_not["Effect"]) == ("Allow", "Deny")
    [alias] = aliases.known.values()
    assert alias["roleArn"] == role["Arn"]
    found = account.client("iot").get_policy(policyName=f"megacam-{account.bucket}")
    [may] = json.loads(found["policyDocument"])["Statement"]
    assert may["Action"] == "iot:AssumeRoleWithCertificate"
    assert may["Resource"].endswith(f":rolealias/megacam-{account.bucket}")


def test_the_second_run_changes_nothing_and_a_second_device_adds_only_its_thing(account, aliases):
    name = _name(account)
    create.plan(account.aws, _device(account, name)).make()
    assert create.plan(account.aws, _device(account, name)).changes == []
    changes = create.plan(account.aws, _device(account, name + "b")).changes
    assert [step.text for step in changes][1:] == [f"create the IoT thing {name}b"]


def test_a_certificate_is_made_rotated_and_the_old_one_goes(account, aliases):
    name = _name(account)
    create.plan(account.aws, _device(account, name)).make()
    ring = iot.Certificates(account.aws, account.bucket, name)
    board = Board()
    first = rotate.rotate(ring, board)
    second = rotate.rotate(ring, board)
    assert second.retired == (first.identity,)
    assert [one["id"] for one in ring.list()] == [second.identity]
    certificate = board.held[-1]
    assert certificate.thing == name
    assert certificate.role_alias == f"megacam-{account.bucket}"
    assert ".credentials.iot." in certificate.endpoint
    principals = account.client("iot").list_thing_principals(thingName=name)["principals"]
    assert [arn.split("/")[-1] for arn in principals] == [second.identity]


class StillAttached:
    """AWS IoT right after a detachment: it refuses deletions for `seconds` of its own clock."""

    def __init__(self, account, operation, code, seconds):
        self.now_s, self._seconds, self._code = 0.0, seconds, code
        account.client("iot").meta.events.register(f"before-send.iot.{operation}", self._answer)

    def monotonic(self):
        return self.now_s

    def sleep(self, seconds):
        self.now_s += seconds

    def _answer(self, request, **_):
        if self.now_s >= self._seconds:
            return None
        headers, body = {"x-amzn-errortype": self._code}, b'{"message": "still attached"}'
        return AWSResponse(request.url, 409, headers, Raw(body))


def test_a_certificate_that_is_still_attached_is_waited_for_and_not_for_ever(account, aliases):
    name = _name(account)
    create.plan(account.aws, _device(account, name)).make()
    clock = StillAttached(account, "DeleteCertificate", "DeleteConflictException", 5)
    ring = iot.Certificates(account.aws, account.bucket, name, clock)
    ring.delete(rotate.new_key(ring).identity)
    assert (ring.list(), 5 <= clock.now_s < 10) == ([], True)
    made = rotate.new_key(ring)
    clock = StillAttached(account, "DeleteCertificate", "DeleteConflictException", 1e9)
    ring = iot.Certificates(account.aws, account.bucket, name, clock)
    with pytest.raises(MegacamError, match="still attached"):
        ring.delete(made.identity)
    assert 30 <= clock.now_s < 40
    iot_client = account.client("iot")
    left = iot_client.describe_certificate(certificateId=made.identity)["certificateDescription"]
    assert left["status"] == "INACTIVE"


def test_a_thing_that_is_still_attached_is_waited_for(account, aliases, monkeypatch):
    name = _name(account)
    create.plan(account.aws, _device(account, name)).make()
    clock = StillAttached(account, "DeleteThing", "InvalidRequestException", 3)
    monkeypatch.setattr(iot, "time", clock)
    destroy.plan(account.aws, account.bucket, name).make()
    assert iot.things(account.aws, account.bucket) == []
    assert clock.now_s >= 3


def test_the_der_forms_are_what_openssl_makes_of_the_pem(account, aliases):
    name = _name(account)
    create.plan(account.aws, _device(account, name)).make()
    made = rotate.new_key(iot.Certificates(account.aws, account.bucket, name))
    for kind, pem, der in (
        ("x509", made.certificate_pem, made.certificate_der),
        ("rsa", made.private_key_pem, made.private_key_der),
    ):
        back = ["openssl", kind, "-inform", "DER", "-outform", "PEM", "-traditional"]
        back = back if kind == "rsa" else back[:-1]
        out = subprocess.run(back, input=der, capture_output=True, check=True).stdout.decode()
        assert out.split() == pem.split()


def test_a_certificate_shows_itself_without_its_private_key(account, aliases):
    name = _name(account)
    create.plan(account.aws, _device(account, name)).make()
    made = rotate.new_key(iot.Certificates(account.aws, account.bucket, name))
    assert "PRIVATE" in made.private_key_pem
    assert "PRIVATE" not in f"{made!r}{made}"
    assert made.private_key_pem.split()[5] not in repr(made)


def test_a_thing_of_somebody_else_is_not_taken_over(account, aliases):
    name = _name(account)
    account.client("iot").create_thing(thingName=name)
    with pytest.raises(MegacamError, match="choose another --device"):
        create.plan(account.aws, _device(account, name))


def test_show_and_destroy_know_things(account, aliases):
    name = _name(account)
    create.plan(account.aws, _device(account, name)).make()
    rotate.new_key(iot.Certificates(account.aws, account.bucket, name))
    [device] = show.report(account.aws, account.bucket).devices
    assert (device.name, device.kind, device.put_only) == (name, "certificate", True)
    assert len(device.keys) == 1
    destroy.plan(account.aws, account.bucket, photos=True).make()
    assert aliases.known == {}
    assert (
        account.client("iam").list_roles(PathPrefix=f"/megacam/{account.bucket}/")["Roles"] == []
    )
    things = account.client("iot").list_things(
        attributeName="bucket", attributeValue=account.bucket
    )
    assert things["things"] == []
    assert account.bucket not in str(account.client("s3").list_buckets())


def test_going_from_a_user_to_a_certificate_is_pointed_out(account, aliases):
    name = _name(account)
    create.plan(account.aws, CloudSpec(account.bucket, name)).make()
    plan = create.plan(account.aws, _device(account, name))
    assert any("also has the IAM user" in text for text in plan.warnings)


def test_a_stand_in_for_aws_without_iot_has_no_things(account):
    def answer(request, **_):
        return AWSResponse(request.url, 400, {}, Raw(b"what?"))

    account.client("iot").meta.events.register("before-send.iot.ListThings", answer)
    assert iot.things(account.aws, account.bucket) == []
    assert not iot.is_only_way(account.aws, account.bucket, "cam1")


def test_a_device_that_is_no_thing_is_sent_to_create(account, aliases):
    with pytest.raises(MegacamError, match="cloud create --iot"):
        iot.Certificates(account.aws, account.bucket, "nobody").list()
