"""What lies under DEVICE/_* is the owner's: a stolen key writes no digest, alarm or release.

`amazon` is MiniStack at Amazon's addresses, with a policy simulator that knows conditions.
"""

import json

import pytest
from megacam.aws import AwsError
from megacam.cloud import create, iot, policies, proof, rotate, show
from megacam.cloud.keys import AccessKeys
from megacam.cloud.spec import CloudSpec
from megacam.cloud.template import Options, template
from role_aliases import answer_role_aliases
from virtual_clock import Clock

pytest_plugins = ("local_aws", "role_aliases", "cloud_user")
OWNED = (
    "cam1/_digest/2026/11/23/day.json",
    "cam1/_digest/2026/11/23/14/sprite-0123456789abcdef.jpg",
    "cam1/_digest/2026/11/23/14/now/120000-000001.jpg",
    "cam1/_digest/alarms.json",
    "cam1/_update/release",
    "cam1/_tomorrow",
)
NEW = {"IfNoneMatch": "*"}
PHOTO = "cam1/2026/11/23/120000-000001.jpg"


def _device(account, **wanted):
    create.plan(account.aws, CloudSpec(account.bucket, "cam1", **wanted)).make()
    return AccessKeys(account.aws, account.bucket, "cam1")


def _put(call, bucket, key, **more):
    return call("s3", "put_object", Bucket=bucket, Key=key, Body=b"planted", **more)


def _is_denied(call, bucket, key, **more):
    with pytest.raises(AwsError) as refused:
        _put(call, bucket, key, **more)
    return refused.value.denied


def _policy(account, user):
    iam = account.client("iam")
    return iam.get_user_policy(UserName=user, PolicyName="put-photos")["PolicyDocument"]


def _give(account, user, document, name="put-photos"):
    account.client("iam").put_user_policy(
        UserName=user, PolicyName=name, PolicyDocument=json.dumps(document)
    )


def _without_denial(document):
    kept = [one for one in document["Statement"] if one["Effect"] == "Allow"]
    return {**document, "Statement": kept}


@pytest.mark.parametrize("place", ["account", "amazon"])
@pytest.mark.parametrize("updates", [False, True])
def test_a_stolen_key_plants_nothing_among_what_the_owner_keeps(request, place, updates):
    account = request.getfixturevalue(place)
    ring = _device(account, updates=updates)
    thief = account.aws.as_key(rotate.new_key(ring)).call
    for key in OWNED:
        for more in ({}, NEW):
            assert _is_denied(thief, account.bucket, key, **more), key
    _put(thief, account.bucket, PHOTO, **NEW)
    _put(thief, account.bucket, "cam1/status.json")
    assert account.object_keys() == [PHOTO, "cam1/status.json"]


def test_not_even_with_another_policy_that_allows_everything(amazon):
    ring = _device(amazon)
    thief = amazon.aws.as_key(rotate.new_key(ring)).call
    everything = policies.document({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    _give(amazon, ring.user, everything, "oops")
    for key in OWNED:
        assert _is_denied(thief, amazon.bucket, key, **NEW), key
    _put(amazon.aws.call, amazon.bucket, OWNED[0])


def test_the_policy_of_an_earlier_version_let_it_and_is_brought_up_to_date(amazon):
    ring = _device(amazon)
    _give(amazon, ring.user, _without_denial(_policy(amazon, ring.user)))
    thief = amazon.aws.as_key(ring.make()).call
    _put(thief, amazon.bucket, OWNED[0], **NEW)
    [device] = show.report(amazon.aws, amazon.bucket).devices
    assert not device.put_only
    assert device.remarks[:2] == (
        "its policy lets it write digests: an earlier megacam made it; `megacam cloud create "
        "--device cam1` updates it",
        "IAM would let it write digests, write the state of alarms, write updates",
    )
    [change] = create.plan(amazon.aws, CloudSpec(amazon.bucket, "cam1")).changes
    assert change.detail == "the present policy lets it write digests: an earlier megacam made it"
    change.make()
    assert _is_denied(thief, amazon.bucket, OWNED[1], **NEW)
    [device] = show.report(amazon.aws, amazon.bucket).devices
    assert device.put_only
    assert not any("digest" in text for text in device.remarks)


def test_show_asks_iam_for_rights_that_come_from_elsewhere(amazon):
    ring = _device(amazon)
    iam = amazon.client("iam")
    group = f"all-{amazon.bucket}"
    iam.create_group(GroupName=group)
    reads = policies.document(
        {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"}
    )
    iam.put_group_policy(GroupName=group, PolicyName="reads", PolicyDocument=json.dumps(reads))
    iam.add_user_to_group(GroupName=group, UserName=ring.user)
    [device] = show.report(amazon.aws, amazon.bucket).devices
    assert "IAM would let it read photos, list the bucket" in device.remarks


def test_a_key_that_can_write_a_digest_is_not_handed_over(amazon):
    ring = _device(amazon)
    _give(amazon, ring.user, _without_denial(_policy(amazon, ring.user)))
    key, clock = ring.make(), Clock()
    with pytest.raises(proof.TooMuchAllowedError, match="also: write a digest"):
        proof.prove_put_only(amazon.aws, amazon.bucket, "cam1", key, clock)
    assert clock.now_s >= 60
    assert amazon.object_keys() == []


def test_the_role_of_certificates_writes_nothing_there_either(amazon):
    answer_role_aliases(amazon)
    name = f"cam-{amazon.bucket.split('-')[-1]}"
    create.plan(amazon.aws, CloudSpec(amazon.bucket, name, iot=True)).make()
    document = iot.role_policy(amazon.aws, amazon.bucket)
    # MiniStack does not put the name of the thing into a policy, so the test does.
    text = json.dumps(document).replace(iot.THING, "cam1")
    iam = amazon.client("iam")
    iam.create_user(UserName=f"thing-{amazon.bucket}")
    _give(amazon, f"thing-{amazon.bucket}", json.loads(text))
    made = iam.create_access_key(UserName=f"thing-{amazon.bucket}")["AccessKey"]
    thing = amazon.store.client_with_key("s3", made["AccessKeyId"], made["SecretAccessKey"])
    thing.put_object(Bucket=amazon.bucket, Key=PHOTO, Body=b"photo", **NEW)
    for key in OWNED:
        with pytest.raises(thing.exceptions.ClientError, match="AccessDenied"):
            thing.put_object(Bucket=amazon.bucket, Key=key, Body=b"planted", **NEW)


def test_the_role_of_a_digest_is_not_taken_for_that_of_certificates(amazon):
    answer_role_aliases(amazon)
    name = f"cam-{amazon.bucket.split('-')[-1]}"
    role = {
        "RoleName": f"megacam-digest-{name}",
        "Path": f"/megacam/{amazon.bucket}/{name}/",
        "AssumeRolePolicyDocument": json.dumps(policies.lambda_trust()),
    }
    amazon.client("iam").create_role(**role)
    assert iot.role_arn(amazon.aws, amazon.bucket) is None
    spec = CloudSpec(amazon.bucket, name, iot=True)
    create.plan(amazon.aws, spec).make()
    assert create.plan(amazon.aws, spec).changes == []
    arn = iot.role_arn(amazon.aws, amazon.bucket)
    assert arn
    assert "digest" not in arn
    assert not any("digest" in s.text for s in iot.shared_destroy_steps(amazon.aws, amazon.bucket))


@pytest.mark.parametrize("more", [{}, {"updates": True}, {"iot": True}])
def test_the_template_forbids_it_too(more):
    made = template(Options("garden-photos", ("cam1",), **more))
    resource = made["Resources"]["DeviceRole" if "iot" in more else "Usercam1"]
    [policy] = resource["Properties"]["Policies"]
    [denial] = [one for one in policy["PolicyDocument"]["Statement"] if one["Effect"] == "Deny"]
    who = "${!credentials-iot:ThingName}" if "iot" in more else "cam1"
    assert denial["Resource"] == {"Fn::Sub": f"${{Bucket.Arn}}/{who}/_*"}
    assert set(denial["Action"]) == {"s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"}
