"""`--keep-versions`: overwritten and deleted objects can be restored for a while."""

from types import SimpleNamespace

import pytest
from megacam.cloud import create, destroy, proof, show
from megacam.cloud.keys import AccessKeys
from megacam.cloud.spec import CloudSpec
from megacam.errors import MegacamError
from setup_run import megacam, write_config

pytest_plugins = "local_aws"


def _plan(account, device="cam1", **wanted):
    return create.plan(account.aws, CloudSpec(account.bucket, device, **wanted))


def _status(account):
    return account.client("s3").get_bucket_versioning(Bucket=account.bucket).get("Status")


def _rules(account):
    found = account.client("s3").get_bucket_lifecycle_configuration(Bucket=account.bucket)
    return {rule["ID"]: rule for rule in found["Rules"]}


def _shown(account):
    checks = show.report(account.aws, account.bucket).checks
    return {one.name: (one.found, one.right) for one in checks}["old versions"]


def test_without_the_option_no_version_is_kept_and_nothing_is_said_of_it(amazon):
    plan = _plan(amazon)
    assert not any("version" in step.text for step in plan.steps)
    plan.make()
    assert _status(amazon) is None
    assert _shown(amazon) == ("not kept: overwritten and deleted objects are lost", True)


def test_versions_are_kept_and_expire_and_the_second_run_changes_nothing(amazon):
    plan = _plan(amazon, keep_versions=30)
    texts = [step.text for step in plan.changes]
    assert "keep overwritten and deleted objects as old versions, in the whole bucket" in texts
    assert any("delete old versions after 30 days" in text for text in texts)
    assert any("photos for 30 more days" in text for text in plan.warnings)
    plan.make()
    assert _status(amazon) == "Enabled"
    rule = _rules(amazon)["megacam-cam1"]
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert rule["Expiration"] == {"ExpiredObjectDeleteMarker": True}
    assert _shown(amazon) == ("kept 30 days", True)
    assert _plan(amazon, keep_versions=30).changes == []
    again = _plan(amazon)
    assert (again.changes, again.warnings) == ([], [])
    assert show.report(amazon.aws, amazon.bucket).devices[0].keep_days is None


def test_photos_expire_first_and_their_versions_after_them(amazon):
    _plan(amazon, keep_versions=7, keep_days=90).make()
    rule = _rules(amazon)["megacam-cam1"]
    # S3 refuses Days together with ExpiredObjectDeleteMarker; Days removes the markers, too.
    assert rule["Expiration"] == {"Days": 90}
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 7}


def test_versions_of_every_camera_expire_and_those_of_strangers_stay(amazon):
    s3, there = amazon.client("s3"), {"Bucket": amazon.bucket}
    _plan(amazon, "roof-2", keep_days=5).make()
    found = s3.get_bucket_lifecycle_configuration(**there)["Rules"]
    stranger = {"ID": "megacam-logs", "Status": "Enabled", "Filter": {"Prefix": "logs/2026/"}}
    stranger["Expiration"] = {"Days": 3}
    rules = {"Rules": [*found, stranger]}
    s3.put_bucket_lifecycle_configuration(**there, LifecycleConfiguration=rules)
    _plan(amazon, keep_versions=30).make()
    rules = _rules(amazon)
    for name in ("megacam-cam1", "megacam-roof-2"):
        assert rules[name]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert rules["megacam-roof-2"]["Expiration"] == {"Days": 5}
    assert rules["megacam-logs"] == stranger
    # A camera that is added later gets the same settings.
    _plan(amazon, "shed").make()
    late = _rules(amazon)["megacam-shed"]
    assert late["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}


def test_nought_stops_it_and_what_is_there_still_expires(amazon):
    _plan(amazon, keep_versions=30).make()
    [change] = _plan(amazon, keep_versions=0).changes
    assert change.text.startswith("keep no old versions from now on")
    change.make()
    assert _status(amazon) == "Suspended"
    assert _rules(amazon)["megacam-cam1"]["NoncurrentVersionExpiration"]
    assert _shown(amazon)[0].endswith("existing old versions are deleted after 30 days")
    assert _plan(amazon, keep_versions=0).changes == []


def test_a_bucket_that_keeps_versions_for_ever_is_shown_with_the_remedy(amazon):
    _plan(amazon).make()
    on = {"Status": "Enabled"}
    amazon.client("s3").put_bucket_versioning(Bucket=amazon.bucket, VersioningConfiguration=on)
    words, right = _shown(amazon)
    assert (right, "--keep-versions DAYS" in words) == (False, True)
    assert any("--keep-versions DAYS" in text for text in _plan(amazon).warnings)
    [change] = _plan(amazon, keep_versions=30).changes
    assert "delete old versions" in change.text


def test_the_proof_leaves_no_old_version_behind(amazon):
    _plan(amazon, keep_versions=30).make()
    key = AccessKeys(amazon.aws, amazon.bucket, "cam1").make()
    proof.prove_put_only(amazon.aws, amazon.bucket, "cam1", key)
    left = amazon.client("s3").list_object_versions(Bucket=amazon.bucket)
    assert [left.get("Versions"), left.get("DeleteMarkers")] == [None, None]


def test_an_overwritten_photo_can_be_had_back(amazon):
    _plan(amazon, keep_versions=30).make()
    s3, there = amazon.client("s3"), {"Bucket": amazon.bucket, "Key": "cam1/1.jpg"}
    first = s3.put_object(**there, Body=b"photo")["VersionId"]
    s3.put_object(**there, Body=b"fake")
    assert s3.get_object(**there, VersionId=first)["Body"].read() == b"photo"


def test_destroy_takes_versions_away_and_marks_of_deletions_too(amazon):
    _plan(amazon, keep_versions=30).make()
    s3, there = amazon.client("s3"), {"Bucket": amazon.bucket, "Key": "cam1/1.jpg"}
    for body in (b"photo", b"fake"):
        s3.put_object(**there, Body=body)
    s3.delete_object(**there)
    for one in s3.list_object_versions(Bucket=amazon.bucket)["Versions"]:
        s3.delete_object(**there, VersionId=one["VersionId"])
    # Only a delete marker is left, and it prevents the deletion of the bucket.
    plan = destroy.plan(amazon.aws, amazon.bucket, photos=True)
    assert any("and 1 delete marker, " in step.text for step in plan.changes)
    plan.make()
    assert amazon.bucket not in str(s3.list_buckets()["Buckets"])


@pytest.mark.parametrize("days", [-1, 36_501])
def test_a_number_of_days_that_s3_refuses_is_refused_here(days):
    with pytest.raises(MegacamError, match="old versions cannot be kept"):
        CloudSpec("garden-photos", "cam1", keep_versions=days)


def test_setup_hands_the_choice_on(account, tmp_path):
    write_config(tmp_path, account, account.bucket, SimpleNamespace(port=123))
    nowhere = ["--port", str(tmp_path / "no-board")]
    words = ["setup", "--dry-run", "--keep-versions", "30", *nowhere]
    # The plan for the cloud is shown before the search for the board.
    assert "delete old versions after 30 days" in megacam(tmp_path, *words).stdout
