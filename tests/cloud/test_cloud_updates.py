"""`cloud create --updates`: a camera reads the releases for it, and only the owner writes any.

`amazon` is MiniStack at Amazon's addresses. It obeys the Deny of both policies, with ArnLike and
aws:PrincipalArn. Its one account stands for a stranger's by another number in the bucket's policy.
"""

import json

import pytest
from megacam.aws import AwsError
from megacam.cloud import cost, create, iot, policies, proof, rotate, show
from megacam.cloud.keys import AccessKeys
from megacam.cloud.spec import CloudSpec
from megacam.cloud.template import Options, template
from role_aliases import answer_role_aliases
from virtual_clock import Clock

pytest_plugins = ("local_aws", "role_aliases", "cloud_user")
RELEASE = "cam1/_update/release"


def _make(account, device="cam1", **wanted):
    plan = create.plan(account.aws, CloudSpec(account.bucket, device, **wanted))
    plan.make()
    return AccessKeys(account.aws, account.bucket, device)


def _changes(account, **wanted):
    plan = create.plan(account.aws, CloudSpec(account.bucket, "cam1", **wanted))
    return [step.text for step in plan.changes]


def _denied(call, **arguments):
    with pytest.raises(AwsError) as refused:
        call("s3", **arguments)
    return refused.value.denied


def _user_policy(account, ring):
    return account.client("iam").get_user_policy(UserName=ring.user, PolicyName="put-photos")[
        "PolicyDocument"
    ]["Statement"]


def test_a_camera_reads_its_releases_and_nothing_else(amazon):
    ring = _make(amazon, updates=True)
    owner, there = amazon.client("s3"), {"Bucket": amazon.bucket}
    for key in (RELEASE, "cam2/_update/release", "cam1/status.json", "cam1/2026/1.jpg"):
        owner.put_object(**there, Key=key, Body=b"content")
    camera = amazon.aws.as_key(rotate.new_key(ring)).call
    answer = camera("s3", "get_object", **there, Key=RELEASE)
    assert answer["Body"].read() == b"content"
    for key in ("cam2/_update/release", "cam1/status.json", "cam1/2026/1.jpg", "cam1/_update"):
        assert _denied(camera, operation="get_object", **there, Key=key), key
    # AWS refuses this with 403, because the camera may not list; MiniStack says 404.
    with pytest.raises(AwsError):
        camera("s3", "get_object", **there, Key="cam1/_update/none")
    assert _denied(camera, operation="list_objects_v2", **there, Prefix="cam1/_update/")


def test_a_camera_writes_no_release_even_with_more_rights_than_it_should_have(amazon):
    ring = _make(amazon, updates=True)
    key = rotate.new_key(ring)
    more = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [more]})
    iam = amazon.client("iam")
    iam.put_user_policy(UserName=ring.user, PolicyName="oops", PolicyDocument=document)
    thief, there = amazon.aws.as_key(key).call, {"Bucket": amazon.bucket, "Key": RELEASE}
    # Its own Deny, and without that the bucket's: each is enough alone.
    for name in ("put-photos", "oops"):
        for extra in ({}, {"IfNoneMatch": "*"}):
            order = {**there, "Body": b"evil", **extra}
            assert _denied(thief, operation="put_object", **order)
        assert _denied(thief, operation="delete_object", **there)
        iam.delete_user_policy(UserName=ring.user, PolicyName=name)
    iam.put_user_policy(UserName=ring.user, PolicyName="oops", PolicyDocument=document)
    other = {"Bucket": amazon.bucket, "Key": "cam2/_update/release"}
    assert _denied(thief, operation="put_object", **other, Body=b"evil")
    # The bucket's statements are about updates only.
    thief("s3", "put_object", Bucket=amazon.bucket, Key="cam1/updates/x", Body=b"1")


def test_its_own_policy_is_enough_to_forbid_it(amazon):
    ring = _make(amazon, updates=True)
    key = rotate.new_key(ring)
    amazon.client("s3").delete_bucket_policy(Bucket=amazon.bucket)
    camera, there = amazon.aws.as_key(key).call, {"Bucket": amazon.bucket, "Key": RELEASE}
    assert _denied(camera, operation="put_object", **there, Body=b"evil", IfNoneMatch="*")


def test_the_owner_writes_and_withdraws_releases(amazon):
    _make(amazon, updates=True)
    owner, there = amazon.client("s3"), {"Bucket": amazon.bucket, "Key": RELEASE}
    owner.put_object(**there, Body=b"release")
    owner.delete_object(**there)


def test_a_stranger_with_an_open_bucket_writes_no_release(amazon):
    ring = _make(amazon, updates=True)
    s3, there = amazon.client("s3"), {"Bucket": amazon.bucket}
    found = s3.get_bucket_policy(**there)["Policy"]
    [strangers] = [
        one for one in json.loads(found)["Statement"] if one["Sid"] == policies.UPDATES_BY_OWNER
    ]
    assert strangers["Condition"] == {"StringNotEquals": {"aws:PrincipalAccount": "000000000000"}}
    assert (strangers["Effect"], strangers["Principal"]) == ("Deny", "*")
    assert strangers["Resource"] == f"arn:aws:s3:::{amazon.bucket}/*/_update/*"
    amazon.client("iam").put_user_policy(
        UserName=ring.user,
        PolicyName="oops",
        PolicyDocument=json.dumps(
            policies.document({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
        ),
    )
    amazon.client("iam").delete_user_policy(UserName=ring.user, PolicyName="put-photos")
    only = json.dumps(policies.document(strangers))
    stranger = amazon.aws.as_key(ring.make()).call
    order = {**there, "Key": RELEASE, "Body": b"evil", "operation": "put_object"}
    s3.put_bucket_policy(**there, Policy=only)
    stranger("s3", **order)
    s3.put_bucket_policy(**there, Policy=only.replace("000000000000", "111122223333"))
    assert _denied(stranger, **order)


def test_it_is_asked_for_once_kept_and_taken_back(amazon):
    ring = _make(amazon, keep_days=30)
    before = _user_policy(amazon, ring)
    assert not any("update" in text for text in _changes(amazon))
    changes = _changes(amazon, updates=True)
    assert len(changes) == 3
    assert any("let only you write updates" in text for text in changes)
    assert any("to read its updates" in text for text in changes)
    _make(amazon, updates=True)
    assert _changes(amazon, updates=True) == _changes(amazon) == []
    with_updates = _user_policy(amazon, ring)
    assert with_updates[: len(before)] == before
    _make(amazon, updates=False)
    assert _user_policy(amazon, ring) == before


@pytest.mark.parametrize(("keep_days", "days"), [(None, 90), (30, 30), (365, 90)])
def test_releases_are_deleted_with_the_photos_or_after_90_days(amazon, keep_days, days):
    _make(amazon, updates=True, keep_days=keep_days, keep_versions=7)
    rules = amazon.client("s3").get_bucket_lifecycle_configuration(Bucket=amazon.bucket)["Rules"]
    found = {rule["Filter"]["Prefix"]: rule for rule in rules}
    assert set(found) == {"cam1/", "cam1/_update/"}
    assert found["cam1/_update/"]["Expiration"] == {"Days": days}
    assert found["cam1/_update/"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 7}
    assert _changes(amazon) == []
    _make(amazon, keep_days=10)
    rules = amazon.client("s3").get_bucket_lifecycle_configuration(Bucket=amazon.bucket)["Rules"]
    assert {rule["Expiration"]["Days"] for rule in rules} == {10}


def test_a_second_camera_without_updates_leaves_those_of_the_first(amazon):
    _make(amazon, updates=True)
    _make(amazon, "roof-2")
    assert _changes(amazon) == []
    report = show.report(amazon.aws, amazon.bucket)
    assert [(one.name, one.updates, one.put_only) for one in report.devices] == [
        ("cam1", True, True),
        ("roof-2", False, True),
    ]


def test_the_proof_reads_a_release_and_is_refused_the_rest(amazon):
    ring = _make(amazon, updates=True)
    trials = proof.prove_put_only(amazon.aws, amazon.bucket, "cam1", ring.make(), updates=True)
    tried = {trial.text: trial.allowed for trial in trials}
    assert tried["read its updates"]
    for text in (
        "put an update",
        "overwrite an update",
        "delete an update",
        "read another camera's update",
        "without any key: read an update",
    ):
        assert tried[text] is False
    assert all(trial.right for trial in trials)
    assert amazon.object_keys() == []


def test_a_key_that_can_write_updates_is_not_handed_over(amazon):
    ring = _make(amazon, updates=True)
    iam, name = amazon.client("iam"), {"UserName": ring.user, "PolicyName": "put-photos"}
    kept = [one for one in _user_policy(amazon, ring) if one["Effect"] == "Allow"]
    iam.put_user_policy(**name, PolicyDocument=json.dumps(policies.document(*kept)))
    amazon.client("s3").delete_bucket_policy(Bucket=amazon.bucket)
    key = ring.make()
    with pytest.raises(proof.TooMuchAllowedError, match="put an update"):
        proof.prove_put_only(amazon.aws, amazon.bucket, "cam1", key, Clock(), updates=True)


def test_a_key_that_cannot_read_its_updates_is_not_handed_over(amazon):
    ring = _make(amazon)
    with pytest.raises(AwsError, match="still refuses the new key"):
        proof.prove_put_only(amazon.aws, amazon.bucket, "cam1", ring.make(), Clock(), updates=True)


def test_show_tells_who_takes_updates_and_who_could_write_them(user):
    user.types("cloud create --device cam1 --updates --yes")
    assert user.code == 0
    said = user.types("cloud show")
    assert "put only, read its updates" in said
    assert "only you may write them" in said
    user.account.client("s3").delete_bucket_policy(Bucket=user.account.bucket)
    said = user.types("cloud show")
    assert "cameras and others may write them" in said
    user.types("cloud create --device cam1 --no-updates --yes")
    assert "read its updates" not in user.types("cloud show")


def test_the_role_of_certificates_reads_the_releases_of_the_thing_that_asks(amazon):
    answer_role_aliases(amazon)
    name = f"cam-{amazon.bucket.split('-')[-1]}"
    spec = CloudSpec(amazon.bucket, name, iot=True, updates=True)
    create.plan(amazon.aws, spec).make()
    found = iot.role_policy(amazon.aws, amazon.bucket)
    assert found
    read = next(one for one in found["Statement"] if one["Action"] == "s3:GetObject")
    own = f"arn:aws:s3:::{amazon.bucket}/${{credentials-iot:ThingName}}/_update/*"
    assert read["Resource"] == own
    assert read["Condition"] == {"StringEquals": {"aws:ResourceAccount": "000000000000"}}
    assert iot.role_is_put_only(amazon.aws, amazon.bucket)
    [device] = show.report(amazon.aws, amazon.bucket).devices
    assert device.updates
    assert create.plan(amazon.aws, spec).changes == []
    document = json.loads(amazon.client("s3").get_bucket_policy(Bucket=amazon.bucket)["Policy"])
    [cameras] = [
        one["Condition"]["ArnLike"]["aws:PrincipalArn"]
        for one in document["Statement"]
        if one["Sid"] == policies.UPDATES_NOT_BY_CAMERA
    ]
    role = iot.role_arn(amazon.aws, amazon.bucket)
    assert role
    assert any(role.startswith(pattern.removesuffix("*")) for pattern in cameras)


def test_a_deployed_stack_with_updates_is_what_create_makes(amazon):
    made = template(Options(amazon.bucket, ("cam1",), updates=True))
    cloud = amazon.client("cloudformation")
    cloud.create_stack(
        StackName=amazon.bucket,
        TemplateBody=json.dumps(made),
        Capabilities=["CAPABILITY_IAM"],
    )
    cloud.get_waiter("stack_create_complete").wait(
        StackName=amazon.bucket, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    # MiniStack's CloudFormation ignores the lifecycle.
    left = [text for text in _changes(amazon, updates=True) if "incomplete uploads" not in text]
    assert left == []


def test_the_rules_of_the_template_are_those_of_create(amazon):
    for keep_days, keep_versions in ((None, None), (30, 7), (None, 7), (365, None)):
        made = template(
            Options(
                "garden-photos", ("cam1",), keep_days, keep_versions=keep_versions, updates=True
            )
        )
        rules = made["Resources"]["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
        updates = next(rule for rule in rules if rule["Prefix"] == "cam1/_update/")
        assert updates["ExpirationInDays"] == min(90, keep_days or 90)
        assert "ExpiredObjectDeleteMarker" not in updates


def test_the_polls_of_updates_cost_a_tenth_of_a_cent():
    prices = cost.load_prices()
    one, other = (
        cost.estimate(cost.Usage(updates=updates), prices, "us-east-1")
        for updates in (True, False)
    )
    [line] = [line for line in one.lines if line.what == "update polls"]
    assert line.amount == "2,880 GET"
    assert 0.001 < line.usd < 0.002
    assert one.total_usd - other.total_usd == pytest.approx(line.usd)
    often = cost.Usage(updates=True, status_s=60)
    assert often.polls_day == often.status_day == 1440
