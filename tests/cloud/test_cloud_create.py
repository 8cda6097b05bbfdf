"""`cloud create`: what it creates, that it does so only once, and that it changes nothing else."""

import json

import pytest
from megacam import settings
from megacam.cloud import create, show
from megacam.cloud.spec import CloudSpec
from megacam.errors import MegacamError

pytest_plugins = "local_aws"


def _make(account, device="cam1", **wanted):
    plan = create.plan(account.aws, CloudSpec(account.bucket, device, **wanted))
    plan.make()
    return plan


def _changes(account, device="cam1", **wanted):
    plan = create.plan(account.aws, CloudSpec(account.bucket, device, **wanted))
    return [step.text for step in plan.changes]


def test_planning_changes_nothing(account):
    plan = create.plan(account.aws, CloudSpec(account.bucket, "cam1"))
    assert len(plan.changes) >= 8
    assert account.bucket not in str(account.client("s3").list_buckets())
    assert not account.client("iam").list_users(PathPrefix=f"/megacam/{account.bucket}/")["Users"]


def test_a_new_bucket_is_private_encrypted_and_tls_only(account):
    _make(account)
    s3, there = account.client("s3"), {"Bucket": account.bucket}
    blocks = s3.get_public_access_block(**there)["PublicAccessBlockConfiguration"]
    assert list(blocks.values()) == [True] * 4
    owner = s3.get_bucket_ownership_controls(**there)["OwnershipControls"]["Rules"]
    assert owner == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    cipher = s3.get_bucket_encryption(**there)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert cipher["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    [statement] = json.loads(s3.get_bucket_policy(**there)["Policy"])["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Principal"] == "*"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Action"] == "s3:*"
    arn = f"arn:aws:s3:::{account.bucket}"
    assert sorted(statement["Resource"]) == [arn, f"{arn}/*"]
    assert s3.get_bucket_location(**there)["LocationConstraint"] == account.aws.region


def test_photos_expire_and_broken_uploads_go(account):
    _make(account, keep_days=30)
    [rule] = account.client("s3").get_bucket_lifecycle_configuration(Bucket=account.bucket)[
        "Rules"
    ]
    assert rule["Filter"] == {"Prefix": "cam1/"}
    assert rule["Expiration"] == {"Days": 30}
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}


def test_without_a_number_of_days_no_photo_is_ever_deleted(account):
    _make(account)
    [rule] = account.client("s3").get_bucket_lifecycle_configuration(Bucket=account.bucket)[
        "Rules"
    ]
    assert "Expiration" not in rule


def test_the_gallery_may_read_pixels_from_localhost(account):
    _make(account)
    [rule] = account.client("s3").get_bucket_cors(Bucket=account.bucket)["CORSRules"]
    assert "http://localhost:*" in rule["AllowedOrigins"]
    assert set(rule["AllowedMethods"]) == {"GET", "HEAD"}
    assert "x-amz-meta-taken-at" in rule["ExposeHeaders"]


def test_the_user_may_put_under_its_own_name_and_that_is_all(account):
    _make(account)
    iam = account.client("iam")
    [user] = iam.list_users(PathPrefix=f"/megacam/{account.bucket}/cam1/")["Users"]
    name = user["UserName"]
    assert iam.list_user_policies(UserName=name)["PolicyNames"] == ["put-photos"]
    found = iam.get_user_policy(UserName=name, PolicyName="put-photos")["PolicyDocument"]
    assert found["Statement"] == [
        {
            "Effect": "Allow",
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{account.bucket}/cam1/*",
        },
        {
            "Sid": "NothingOfTheOwners",
            "Effect": "Deny",
            "Action": ["s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"],
            "Resource": f"arn:aws:s3:::{account.bucket}/cam1/_*",
        },
    ]


def test_the_second_run_changes_nothing(account):
    wanted = {"keep_days": 30, "budget_usd": 5, "budget_email": "owner@example.org"}
    _make(account, **wanted)
    assert _changes(account, **wanted) == []
    assert _changes(account) == []


def test_a_policy_that_aws_gives_back_in_another_order_is_the_same(account):
    _make(account, public_read=True)
    s3, there = account.client("s3"), {"Bucket": account.bucket}
    policy = json.loads(s3.get_bucket_policy(**there)["Policy"])
    policy["Statement"].reverse()
    s3.put_bucket_policy(**there, Policy=json.dumps(policy, sort_keys=True))
    assert _changes(account) == []


def test_what_somebody_changed_by_hand_is_mended_and_nothing_else(account):
    _make(account)
    account.client("s3").delete_public_access_block(Bucket=account.bucket)
    account.client("s3").delete_bucket_policy(Bucket=account.bucket)
    changes = _changes(account)
    assert changes == ["block public access", "refuse everything that is not sent over TLS"]
    _make(account)
    assert _changes(account) == []


def test_a_second_camera_gets_its_own_user_and_rule(account):
    _make(account, keep_days=30)
    changes = _changes(account, "roof-2", keep_days=7)
    assert not [text for text in changes if "bucket" in text or "public" in text]
    _make(account, "roof-2", keep_days=7)
    report = show.report(account.aws, account.bucket)
    assert [(d.name, d.keep_days, d.put_only) for d in report.devices] == [
        ("cam1", 30, True),
        ("roof-2", 7, True),
    ]


def test_rules_and_statements_of_others_stay(account):
    s3, there = account.client("s3"), {"Bucket": account.bucket}
    s3.create_bucket(**there, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    stranger = {
        "Sid": "Auditors",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::000000000000:root"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{account.bucket}/reports/*",
    }
    rule = {
        "ID": "logs",
        "Status": "Enabled",
        "Filter": {"Prefix": "logs/"},
        "Expiration": {"Days": 3},
    }
    origin = {"ID": "site", "AllowedMethods": ["GET"], "AllowedOrigins": ["https://example.org"]}
    document = json.dumps({"Version": "2012-10-17", "Statement": [stranger]})
    s3.put_bucket_policy(**there, Policy=document)
    s3.put_bucket_lifecycle_configuration(**there, LifecycleConfiguration={"Rules": [rule]})
    s3.put_bucket_cors(**there, CORSConfiguration={"CORSRules": [origin]})

    plan = _make(account, keep_days=30, public_read=True)
    [step] = [one for one in plan.changes if "TLS" in one.text]
    assert step.detail == "1 other statement kept"
    assert _changes(account, keep_days=30, public_read=True) == []

    policy = json.loads(s3.get_bucket_policy(**there)["Policy"])["Statement"]
    assert stranger in policy
    assert len(policy) == 3
    rules = s3.get_bucket_lifecycle_configuration(**there)["Rules"]
    assert [one["ID"] for one in rules] == ["logs", "megacam-cam1"]
    assert rules[0]["Expiration"] == {"Days": 3}
    assert [one["ID"] for one in s3.get_bucket_cors(**there)["CORSRules"]] == [
        "site",
        "megacam-gallery",
    ]


def test_public_read_shows_photos_only_warns_and_can_be_taken_back(account):
    plan = _make(account, public_read=True)
    assert any("everybody" in text for text in plan.warnings)
    s3, there = account.client("s3"), {"Bucket": account.bucket}
    blocks = s3.get_public_access_block(**there)["PublicAccessBlockConfiguration"]
    assert blocks["BlockPublicAcls"]
    assert not blocks["RestrictPublicBuckets"]
    s3.put_object(**there, Key="cam1/2026/11/23/000000-000001.jpg", Body=b"photo")
    s3.put_object(**there, Key="cam1/status.json", Body=b"{}")
    anybody = account.aws.as_key(False)
    assert anybody.call("s3", "get_object", **there, Key="cam1/2026/11/23/000000-000001.jpg")
    with pytest.raises(MegacamError):
        anybody.call("s3", "get_object", **there, Key="cam1/status.json")

    # Another run without the option leaves it as it is; --no-public-read removes it.
    assert _changes(account) == []
    _make(account, public_read=False)
    with pytest.raises(MegacamError):
        anybody.call("s3", "get_object", **there, Key="cam1/2026/11/23/000000-000001.jpg")
    blocks = s3.get_public_access_block(**there)["PublicAccessBlockConfiguration"]
    assert list(blocks.values()) == [True] * 4


def test_a_device_with_too_many_rights_loses_them(account):
    _make(account)
    iam = account.client("iam")
    [user] = iam.list_users(PathPrefix=f"/megacam/{account.bucket}/")["Users"]
    everything = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
    iam.put_user_policy(UserName=user["UserName"], PolicyName="oops", PolicyDocument=document)
    assert show.report(account.aws, account.bucket).devices[0].put_only is False
    assert _changes(account) == ["remove excess permissions: policy oops"]
    _make(account)
    assert show.report(account.aws, account.bucket).devices[0].put_only is True


def test_a_budget_alarm_is_made_and_changed(account):
    _make(account, budget_usd=5, budget_email="owner@example.org")
    assert show.report(account.aws, account.bucket).budget_usd == 5
    money = account.client("budgets").describe_budget(
        AccountId="000000000000", BudgetName=f"megacam-{account.bucket}"
    )["Budget"]
    assert money["BudgetLimit"] == {"Amount": "5.00", "Unit": "USD"}
    assert money["TimeUnit"] == "MONTHLY"
    _make(account, budget_usd=8, budget_email="owner@example.org")
    assert show.report(account.aws, account.bucket).budget_usd == 8
    assert _told(account) == ["owner@example.org"] * 2


def test_another_address_for_the_alarm_is_a_change_and_the_old_one_hears_no_more(account):
    _make(account, budget_usd=5, budget_email="owner@example.org")
    wanted = {"budget_usd": 5, "budget_email": "heir@example.org"}
    plan = create.plan(account.aws, CloudSpec(account.bucket, "cam1", **wanted))
    [change] = plan.changes
    assert "to owner@example.org" in change.detail
    plan.make()
    assert _told(account) == ["heir@example.org"] * 2
    assert _changes(account, **wanted) == []


def test_an_alarm_that_somebody_deleted_is_made_again(account):
    wanted = {"budget_usd": 5, "budget_email": "owner@example.org"}
    _make(account, **wanted)
    budgets, where = account.client("budgets"), _budget(account)
    first = budgets.describe_notifications_for_budget(**where)["Notifications"][0]
    budgets.delete_notification(**where, Notification=first)
    assert len(_changes(account, **wanted)) == 1
    _make(account, **wanted)
    assert _told(account) == ["owner@example.org"] * 2


def _budget(account):
    return {"AccountId": "000000000000", "BudgetName": f"megacam-{account.bucket}"}


def _told(account):
    budgets, where = account.client("budgets"), _budget(account)
    return [
        person["Address"]
        for alarm in budgets.describe_notifications_for_budget(**where)["Notifications"]
        for person in budgets.describe_subscribers_for_notification(**where, Notification=alarm)[
            "Subscribers"
        ]
    ]


def test_a_bucket_with_a_kms_key_or_old_versions_is_warned_about(account):
    _make(account)
    s3, there = account.client("s3"), {"Bucket": account.bucket}
    s3.put_bucket_versioning(**there, VersioningConfiguration={"Status": "Enabled"})
    kms = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    s3.put_bucket_encryption(**there, ServerSideEncryptionConfiguration={"Rules": [kms]})
    warnings = create.plan(account.aws, CloudSpec(account.bucket, "cam1")).warnings
    assert any("KMS" in text for text in warnings)
    found = {one.name: one for one in show.report(account.aws, account.bucket).checks}
    assert "make SSE-S3 the bucket's default" in found["encryption at rest"].found
    assert not found["encryption at rest"].right
    assert any("old versions" in text for text in warnings)


def test_a_failure_in_the_middle_says_how_far_it_got_and_the_next_run_goes_on(account):
    plan = create.plan(account.aws, CloudSpec(account.bucket, "cam1"))
    # Somebody else takes the user's name between the plan and its execution.
    name = plan.changes[-2].text.split()[-1]
    account.client("iam").create_user(UserName=name, Path="/somebody/")
    with pytest.raises(MegacamError, match=r"of \d+ changes were made"):
        plan.make()
    account.client("iam").delete_user(UserName=name)
    _make(account)
    assert _changes(account) == []


@pytest.mark.parametrize(
    "bucket",
    ["ab", "Photos", "my.photos", "-photos", "photos_1", "x" * 64, "xn--photos", "a-s3alias"],
)
def test_a_name_that_cannot_be_a_bucket_is_refused_before_aws_is_asked(bucket):
    with pytest.raises(MegacamError, match="cannot be the name of a bucket"):
        CloudSpec(bucket, "cam1")


@pytest.mark.parametrize("device", ["", "Cam1", "cam/1", "cam 1", "-cam", "x" * 33, "käfer"])
def test_a_name_that_cannot_be_a_device_is_refused(device):
    with pytest.raises(MegacamError, match="cannot be the name of a device"):
        CloudSpec("photos", device)


@pytest.mark.parametrize(
    "device", ["cam1", "a", "7", "x" * 32, "x" * 33, "Cam1", "cam-", "-cam", "a--b", "", "cam.1"]
)
def test_the_board_and_the_cloud_agree_on_what_a_device_may_be_called(device):
    def refuses(call):
        try:
            call()
        except MegacamError:
            return True
        return False

    raw = {"device": device, "s3": {"bucket": "garden-photos"}}
    assert refuses(lambda: CloudSpec("garden-photos", device)) == refuses(
        lambda: settings.check(raw)
    )


@pytest.mark.parametrize(
    ("wanted", "word"),
    [
        ({"keep_days": -1}, "days"),
        ({"origins": ("localhost",)}, "origin"),
        ({"origins": ("https://*.*.org",)}, "origin"),
        ({"budget_usd": 5}, "--email"),
        ({"budget_usd": 0, "budget_email": "a@b.cc"}, "budget"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused(wanted, word):
    with pytest.raises(MegacamError, match=word):
        CloudSpec("photos", "cam1", **wanted)
