"""On AWS, a camera's key can put new photos and replace none.

`amazon` is MiniStack at Amazon's addresses; its IAM gets the same condition keys as on AWS.
"""

import json

import pytest
from megacam.aws import AwsError
from megacam.cloud import create, iot, policies, proof, rights, rotate, show
from megacam.cloud.keys import AccessKeys
from megacam.cloud.spec import CloudSpec
from megacam.doctor import probes
from role_aliases import answer_role_aliases
from servers.running import authority, compiled, root_der, server, session
from virtual_clock import Clock

__all__ = ["authority", "compiled", "root_der", "server", "session"]
pytest_plugins = "local_aws"
PHOTO = "cam1/2026/11/23/000000-000001.jpg"


def _device(account, device="cam1"):
    create.plan(account.aws, CloudSpec(account.bucket, device)).make()
    return AccessKeys(account.aws, account.bucket, device)


def _arn(account, below):
    return f"arn:aws:s3:::{account.bucket}/{below}"


def _old_policy(account, user):
    """Give the user the policy of earlier versions of megacam."""
    may = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": _arn(account, "cam1/*")}
    document = json.dumps({"Version": "2012-10-17", "Statement": [may]})
    account.client("iam").put_user_policy(
        UserName=user, PolicyName="put-photos", PolicyDocument=document
    )


def _refusal(call, **arguments):
    with pytest.raises(AwsError) as refused:
        call("s3", "put_object", **arguments)
    return refused.value.code


def test_the_policy_is_the_one_of_the_guide_of_aws(amazon):
    ring = _device(amazon)
    found = amazon.client("iam").get_user_policy(UserName=ring.user, PolicyName="put-photos")
    photos, reports, _ = found["PolicyDocument"]["Statement"]
    account = {"aws:ResourceAccount": "000000000000"}
    assert (photos["Effect"], photos["Action"]) == ("Allow", "s3:PutObject")
    assert photos["Resource"] == _arn(amazon, "cam1/*")
    assert photos["Condition"] == {
        "Null": {"s3:if-none-match": "false"},
        "StringEquals": account,
    }
    assert (reports["Effect"], reports["Action"]) == ("Allow", "s3:PutObject")
    assert reports["Resource"] == [
        _arn(amazon, "cam1/status.json"),
        _arn(amazon, "cam1/megacam-doctor"),
    ]
    assert reports["Condition"] == {"StringEquals": account}


def test_a_stolen_key_adds_photos_and_overwrites_none(amazon):
    key = rotate.new_key(_device(amazon))
    thief, there = amazon.aws.as_key(key).call, {"Bucket": amazon.bucket, "Key": PHOTO}
    assert _refusal(thief, **there, Body=b"no header") == "AccessDenied"
    thief("s3", "put_object", **there, Body=b"photo", IfNoneMatch="*")
    assert _refusal(thief, **there, Body=b"fake") == "AccessDenied"
    # A thief can learn in this way that a name is taken; the docs say so.
    code = _refusal(thief, **there, Body=b"fake", IfNoneMatch="*")
    assert code == "PreconditionFailed"
    body = amazon.client("s3").get_object(**there)["Body"].read()
    assert body == b"photo"
    for report in ("cam1/status.json", "cam1/megacam-doctor"):
        for body in (b"1", b"2"):
            thief("s3", "put_object", Bucket=amazon.bucket, Key=report, Body=body)
    for name in ("cam1/x/status.json", "cam1/status.json.jpg", "cam10/status.json"):
        code = _refusal(thief, Bucket=amazon.bucket, Key=name, Body=b"1")
        assert code == "AccessDenied", name


def test_the_owner_may_still_copy_and_overwrite(amazon):
    _device(amazon)
    owner, there = amazon.client("s3"), {"Bucket": amazon.bucket}
    owner.put_object(**there, Key=PHOTO, Body=b"photo")
    owner.copy_object(**there, Key="cam1/copy.jpg", CopySource=f"{amazon.bucket}/{PHOTO}")
    owner.put_object(**there, Key=PHOTO, Body=b"better")


def test_a_bucket_of_another_account_gets_nothing(amazon):
    ring = _device(amazon)
    thief = amazon.aws.as_key(rotate.new_key(ring)).call
    order = {"Bucket": amazon.bucket, "Body": b"1", "IfNoneMatch": "*"}
    thief("s3", "put_object", **order, Key="cam1/1.jpg")
    iam, name = amazon.client("iam"), {"UserName": ring.user, "PolicyName": "put-photos"}
    text = json.dumps(iam.get_user_policy(**name)["PolicyDocument"])
    # MiniStack has one account only. Changing the account in the policy has the same effect as a
    # bucket of another account.
    iam.put_user_policy(**name, PolicyDocument=text.replace("000000000000", "111122223333"))
    for below in ("cam1/2.jpg", "cam1/status.json"):
        assert _refusal(thief, **order, Key=below) == "AccessDenied"


def test_the_proof_tries_the_overwrite_and_leaves_nothing_behind(amazon):
    ring = _device(amazon)
    trials = proof.prove_put_only(amazon.aws, amazon.bucket, "cam1", ring.make())
    assert all(trial.right and trial.must for trial in trials)
    tried = {trial.text: trial.allowed for trial in trials}
    assert not tried["overwrite a photo"]
    assert not tried["overwrite a photo with If-None-Match *"]
    assert [text for text, allowed in tried.items() if allowed] == [
        "put cam1/megacam-proof",
        "replace a report",
    ]
    assert amazon.object_keys() == []
    assert proof.not_given(trials) == ""


def test_a_proof_that_was_cut_off_is_no_hindrance_to_the_next(amazon):
    ring = _device(amazon)
    left = {"Bucket": amazon.bucket, "Key": "cam1/megacam-proof"}
    amazon.client("s3").put_object(**left, Body=b"left over")
    assert rotate.new_key(ring)
    assert amazon.object_keys() == []


def test_a_key_that_can_overwrite_is_not_handed_over_at_amazon(amazon):
    ring = _device(amazon)
    _old_policy(amazon, ring.user)
    key, clock = ring.make(), Clock()
    with pytest.raises(proof.TooMuchAllowedError, match="also: overwrite a photo"):
        proof.prove_put_only(amazon.aws, amazon.bucket, "cam1", key, clock)
    assert clock.now_s >= 60
    assert amazon.object_keys() == []


def test_a_policy_that_spreads_late_is_waited_for(amazon):
    ring = _device(amazon)
    _old_policy(amazon, ring.user)

    class Spreading(Clock):
        def sleep(self, seconds):
            super().sleep(seconds)
            if self.now_s > 10:
                create.plan(amazon.aws, CloudSpec(amazon.bucket, "cam1")).make()

    clock = Spreading()
    trials = proof.prove_put_only(amazon.aws, amazon.bucket, "cam1", ring.make(), clock)
    assert all(trial.right for trial in trials)
    assert 10 < clock.now_s < 20


def test_the_policy_of_an_earlier_version_is_shown_and_brought_up_to_date(amazon):
    ring = _device(amazon)
    _old_policy(amazon, ring.user)
    [device] = show.report(amazon.aws, amazon.bucket).devices
    assert not device.put_only
    assert any("lets it overwrite photos" in text for text in device.remarks)
    plan = create.plan(amazon.aws, CloudSpec(amazon.bucket, "cam1"))
    [change] = plan.changes
    assert (change.kind, "new objects under cam1/" in change.text) == ("change", True)
    assert "lets it overwrite photos: an earlier megacam made it" in change.detail
    plan.make()
    assert create.plan(amazon.aws, CloudSpec(amazon.bucket, "cam1")).changes == []
    [device] = show.report(amazon.aws, amazon.bucket).devices
    assert device.put_only
    assert not any("overwrite" in text for text in device.remarks)


def test_the_role_of_certificates_has_the_same_policy_and_is_brought_up_to_date(amazon):
    answer_role_aliases(amazon)
    name = f"cam-{amazon.bucket.split('-')[-1]}"
    spec = CloudSpec(amazon.bucket, name, iot=True)
    create.plan(amazon.aws, spec).make()
    iam = amazon.client("iam")
    [role] = iam.list_roles(PathPrefix=f"/megacam/{amazon.bucket}/")["Roles"]
    there = {"RoleName": role["RoleName"], "PolicyName": "put-photos"}
    photos, reports, owners = iam.get_role_policy(**there)["PolicyDocument"]["Statement"]
    own = _arn(amazon, "${credentials-iot:ThingName}")
    assert photos["Resource"] == own + "/*"
    assert photos["Condition"]["Null"] == {"s3:if-none-match": "false"}
    assert reports["Resource"] == [own + "/status.json", own + "/megacam-doctor"]
    assert (owners["Effect"], owners["Resource"]) == ("Deny", own + "/_*")
    assert iot.role_is_put_only(amazon.aws, amazon.bucket)

    old = json.dumps(policies.put_any(own + "/*"))
    iam.put_role_policy(**there, PolicyDocument=old)
    [device] = show.report(amazon.aws, amazon.bucket).devices
    assert not device.put_only
    assert any("--iot` updates it" in text for text in device.remarks)
    [change] = create.plan(amazon.aws, spec).changes
    assert "lets it overwrite photos" in change.detail


def test_another_store_keeps_its_policy_and_the_plan_and_the_proof_say_what_is_missing(account):
    plan = create.plan(account.aws, CloudSpec(account.bucket, "cam1"))
    assert rights.NOT_AMAZON in plan.warnings
    plan.make()
    ring, said = AccessKeys(account.aws, account.bucket, "cam1"), []
    key = rotate.new_key(ring, said.append)
    assert len(said) == 1
    assert said[0].startswith("this store does not refuse: overwrite a photo")
    s3, there = account.s3_as(key), {"Bucket": account.bucket, "Key": PHOTO}
    s3.put_object(**there, Body=b"photo")
    s3.put_object(**there, Body=b"another")


@pytest.mark.parametrize(
    ("endpoint", "is_amazon"),
    [
        (None, True),
        ("https://bucket.vpce-1a2b.s3.eu-central-1.vpce.amazonaws.com", True),
        ("https://s3.dualstack.eu-central-1.amazonaws.com", True),
        ("https://localhost:4566", False),
        ("https://nas.local:9000", False),
        ("https://amazonaws.com.example.org", False),
        ("https://notamazonaws.com", False),
    ],
)
def test_what_is_amazon(amazon, monkeypatch, endpoint, is_amazon):
    if endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)
    assert rights.is_amazon(amazon.aws.in_region(amazon.aws.region)) == is_amazon


def test_the_cameras_own_client_stores_photos_and_reports_with_such_a_key(
    amazon, session, tmp_path
):
    root = tmp_path / "store.der"
    root.write_bytes(amazon.store.ca_der)
    key = rotate.new_key(_device(amazon))
    put = {"op": "put", "size": 100}
    report = {**put, "key": "cam1/status.json", "overwrite": True}
    results = session(
        [
            *({**put, "key": PHOTO, "size": size} for size in (5000, 6000)),
            *(report, report),
            {**put, "key": PHOTO, "overwrite": True},
        ],
        endpoint=amazon.store.endpoint,
        region=amazon.aws.region,
        bucket=amazon.bucket,
        roots=[str(root)],
        access_key_id=key.access_key_id,
        secret_access_key=key.secret_access_key,
    )
    assert [one.get("status") for one in results[:4]] == [200, 412, 200, 200], results
    assert results[4]["code"] == "AccessDenied", results
    size = amazon.client("s3").head_object(Bucket=amazon.bucket, Key=PHOTO)["ContentLength"]
    assert size == 5000


def test_what_the_doctor_puts_anew_is_a_report():
    assert any(f"/{name}'" in probes.PUT for name in policies.REPORTS)
