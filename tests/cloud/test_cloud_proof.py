"""The proof that a key is put-only: it tries everything that must fail."""

import json

import pytest
from botocore.awsrequest import AWSResponse
from megacam.aws import AccessKey, Aws, AwsError
from megacam.cloud import create, proof, rotate
from megacam.cloud.keys import AccessKeys
from megacam.cloud.spec import CloudSpec
from role_aliases import Raw
from virtual_clock import Clock

pytest_plugins = "local_aws"


def _device(account, device="cam1", **wanted):
    create.plan(account.aws, CloudSpec(account.bucket, device, **wanted)).make()
    return AccessKeys(account.aws, account.bucket, device)


def test_a_devices_key_can_put_and_all_else_is_refused(account):
    key = rotate.new_key(_device(account))
    trials = proof.prove_put_only(account.aws, account.bucket, "cam1", key)
    must = [trial for trial in trials if trial.must]
    assert [trial.text for trial in must if trial.allowed] == ["put cam1/megacam-proof"]
    assert sum(not trial.allowed for trial in must) >= 9


def test_the_proof_leaves_nothing_behind(account):
    rotate.new_key(_device(account))
    assert account.object_keys() == []


def test_the_store_itself_refuses_the_key_everything_but_its_own_folder(account):
    s3 = account.s3_as(rotate.new_key(_device(account)))
    there = {"Bucket": account.bucket}
    s3.put_object(**there, Key="cam1/2026/11/23/000000-000001.jpg", Body=b"photo")
    for call in (
        lambda: s3.get_object(**there, Key="cam1/2026/11/23/000000-000001.jpg"),
        lambda: s3.delete_object(**there, Key="cam1/2026/11/23/000000-000001.jpg"),
        lambda: s3.list_objects_v2(**there),
        lambda: s3.put_object(**there, Key="roof/1.jpg", Body=b"photo"),
        lambda: s3.put_object(**there, Key="cam1", Body=b"photo"),
        lambda: s3.put_object(**there, Key="cam10/1.jpg", Body=b"photo"),
        lambda: s3.put_object(**there, Key="cam1/_digest/2026/11/23/day.json", Body=b"{}"),
        lambda: s3.put_object(**there, Key="cam1/_digest/alarms.json", Body=b"{}"),
        lambda: s3.put_object(**there, Key="cam1/_update/release", Body=b"evil"),
    ):
        with pytest.raises(s3.exceptions.ClientError) as refused:
            call()
        assert refused.value.response["Error"]["Code"] == "AccessDenied"


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("s3:GetObject", "read a photo"),
        ("s3:ListBucket", "list the bucket"),
        ("s3:DeleteObject", "delete a photo"),
        ("s3:PutObject", "put outside its own folder"),
        ("iam:ListUsers", "see the account's users"),
    ],
)
def test_a_key_that_can_do_more_is_not_handed_over(account, action, words):
    ring = _device(account)
    more = {"Effect": "Allow", "Action": action, "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [more]})
    iam = account.client("iam")
    iam.put_user_policy(UserName=ring.user, PolicyName="oops", PolicyDocument=document)
    with pytest.raises(proof.TooMuchAllowedError, match=words):
        rotate.new_key(ring)
    assert ring.list() == []


def test_an_open_bucket_policy_is_found_out(account):
    ring = _device(account)
    s3, there = account.client("s3"), {"Bucket": account.bucket}
    s3.delete_public_access_block(**there)
    resource = f"arn:aws:s3:::{account.bucket}/*"
    open_to_all = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": resource}
    document = {"Version": "2012-10-17", "Statement": [open_to_all]}
    s3.put_bucket_policy(**there, Policy=json.dumps(document))
    with pytest.raises(proof.TooMuchAllowedError, match="without any key"):
        rotate.new_key(ring)


def test_a_key_that_aws_does_not_know_yet_is_waited_for_and_not_for_ever(account):
    _device(account)
    clock = Clock()
    unknown = AccessKey("AKIAIOSFODNN7EXAMPLE", "no such secret anywhere at all, never")
    with pytest.raises(AwsError, match="still refuses the new key after 60 s"):
        proof.prove_put_only(account.aws, account.bucket, "cam1", unknown, clock)
    assert 60 <= clock.now_s < 70


def test_a_key_that_spreads_late_is_accepted(account):
    ring = _device(account)
    key = rotate.new_key(ring)
    iam = account.client("iam")
    switch = {"UserName": ring.user, "AccessKeyId": key.access_key_id}
    iam.update_access_key(**switch, Status="Inactive")

    class Spreading(Clock):
        def sleep(self, seconds):
            super().sleep(seconds)
            if self.now_s > 10:
                iam.update_access_key(**switch, Status="Active")

    clock = Spreading()
    assert proof.prove_put_only(account.aws, account.bucket, "cam1", key, clock)
    assert 10 < clock.now_s < 20


class SlowIam(Aws):
    """AWS where S3 knows a new key immediately, and IAM only after ten seconds of `clock`."""

    def as_key(self, key, region=None):
        seen = super().as_key(key, region)
        seen.client("iam").meta.events.register("before-send.iam.ListUsers", self._answer)
        return seen

    def _answer(self, request, **_):
        if self.clock.now_s >= 10:
            return None
        text = "<ErrorResponse><Error><Code>InvalidClientTokenId</Code></Error></ErrorResponse>"
        return AWSResponse(request.url, 403, {}, Raw(text.encode()))


def test_a_key_that_one_service_knows_before_the_other_is_waited_for(account):
    ring = _device(account)
    aws = SlowIam(region=account.aws.region)
    aws.clock = Clock()
    trials = proof.prove_put_only(aws, account.bucket, "cam1", ring.make(), aws.clock)
    assert all(trial.right for trial in trials if trial.must)
    assert 10 <= aws.clock.now_s < 20


def test_a_key_shows_itself_without_its_secret():
    key = AccessKey("AKIAEXAMPLE", "the secret", "the token")
    for text in (repr(key), str(key), f"{key}", repr([key]), repr({"key": key})):
        assert "AKIAEXAMPLE" in text
        assert "secret'" not in text
        assert "the secret" not in text
        assert "the token" not in text
