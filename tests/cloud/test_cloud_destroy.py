"""`cloud destroy`: deletes what is ours, photos only on request, and nothing of others."""

import pytest
from megacam.cloud import create, destroy, rotate
from megacam.cloud.keys import AccessKeys
from megacam.cloud.spec import CloudSpec
from megacam.errors import MegacamError

pytest_plugins = "local_aws"


def _cameras(account, *devices, **wanted):
    for device in devices:
        create.plan(account.aws, CloudSpec(account.bucket, device, **wanted)).make()
        rotate.new_key(AccessKeys(account.aws, account.bucket, device))
        for number in range(3):
            account.client("s3").put_object(
                Bucket=account.bucket,
                Key=f"{device}/2026/11/23/00000{number}-00000{number}.jpg",
                Body=b"photo",
            )


def _users(account):
    path = f"/megacam/{account.bucket}/"
    return account.client("iam").list_users(PathPrefix=path)["Users"]


def _buckets(account):
    return [one["Name"] for one in account.client("s3").list_buckets()["Buckets"]]


def test_without_photos_no_object_is_touched(account):
    _cameras(account, "cam1", "roof-2")
    before = account.object_keys()
    plan = destroy.plan(account.aws, account.bucket)
    assert any("cam1/ stays" in text and "3 objects" in text for text in plan.warnings)
    plan.make()
    assert account.object_keys() == before
    assert _users(account) == []


def test_with_photos_all_that_is_ours_goes_and_the_bucket_with_it(account):
    _cameras(account, "cam1", "roof-2", budget_usd=5, budget_email="owner@example.org")
    counted = []
    destroy.plan(account.aws, account.bucket, photos=True, on_deleted=counted.append).make()
    assert account.bucket not in _buckets(account)
    assert _users(account) == []
    assert counted == [3, 3]
    budgets = account.client("budgets").describe_budgets(AccountId="000000000000")
    assert account.bucket not in str(budgets)


def test_what_others_put_into_the_bucket_stays_and_so_does_the_bucket(account):
    _cameras(account, "cam1")
    s3 = account.client("s3")
    for key in ("cam10/1.jpg", "letters/will.pdf", "cam1"):
        s3.put_object(Bucket=account.bucket, Key=key, Body=b"mine")
    plan = destroy.plan(account.aws, account.bucket, photos=True)
    [warning] = plan.warnings
    assert warning.startswith("the bucket")
    assert all(name in warning for name in ("cam10/", "letters/"))
    plan.make()
    assert sorted(account.object_keys()) == ["cam1", "cam10/1.jpg", "letters/will.pdf"]


def test_one_camera_goes_and_the_other_goes_on(account):
    _cameras(account, "cam1", "roof-2", public_read=True)
    destroy.plan(account.aws, account.bucket, "cam1", photos=True).make()
    assert {key.split("/")[0] for key in account.object_keys()} == {"roof-2"}
    assert [one["Path"].split("/")[-2] for one in _users(account)] == ["roof-2"]
    policy = account.client("s3").get_bucket_policy(Bucket=account.bucket)["Policy"]
    assert "roof-2/*.jpg" in policy
    assert "cam1/*.jpg" not in policy


def test_old_versions_go_as_well(account):
    _cameras(account, "cam1")
    s3, there = account.client("s3"), {"Bucket": account.bucket}
    s3.put_bucket_versioning(**there, VersioningConfiguration={"Status": "Enabled"})
    for _ in range(3):
        s3.put_object(**there, Key="cam1/status.json", Body=b"{}")
    s3.delete_object(**there, Key="cam1/status.json")
    destroy.plan(account.aws, account.bucket, photos=True).make()
    assert account.bucket not in _buckets(account)


def test_many_objects_go_in_pages(account):
    _cameras(account, "cam1", "cam10")
    counted, aws = [], account.aws
    destroy.delete_objects(aws, account.bucket, "cam1/", counted.append, page_keys=2)
    assert counted == [2, 1]
    assert {key.split("/")[0] for key in account.object_keys()} == {"cam10"}


def test_planning_touches_nothing(account):
    _cameras(account, "cam1")
    before = account.object_keys()
    destroy.plan(account.aws, account.bucket, photos=True)
    assert account.object_keys() == before
    assert len(_users(account)) == 1


def test_a_prefix_that_would_match_other_cameras_is_refused(account):
    with pytest.raises(ValueError, match="other devices"):
        destroy.delete_objects(account.aws, account.bucket, "cam1", print)


def test_an_unknown_camera_or_bucket_is_named(account):
    with pytest.raises(MegacamError, match="there is no bucket"):
        destroy.plan(account.aws, account.bucket)
    _cameras(account, "cam1")
    with pytest.raises(MegacamError, match="must be one of: cam1"):
        destroy.plan(account.aws, account.bucket, "cam7")
