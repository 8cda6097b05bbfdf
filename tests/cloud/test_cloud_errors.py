"""AWS errors: each becomes one sentence with the resource and the remedy."""

import json
import re
import socket
import ssl
import urllib.error
import urllib.request
from pathlib import Path

import megacam
import pytest
from megacam.aws import AccessKey, Aws, AwsError
from megacam.cloud import bucket, create, keys, show
from megacam.cloud.spec import CloudSpec
from megacam.errors import MegacamError

pytest_plugins = "local_aws"


def test_one_module_talks_to_boto3():
    """Except the gallery, which reads in threads, the simulator, which plays AWS, and what also
    runs as a Lambda function, which has no command line."""
    top = Path(megacam.__file__).parent
    found = [
        path.relative_to(top).as_posix()
        for path in top.rglob("*.py")
        if re.search(r"^\s*(import|from) boto", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    alone = ("alarms/", "digest/", "gallery/", "sim/")
    others = [name for name in found if not name.startswith(alone)]
    assert others == ["aws.py"]


def _spec(account):
    return CloudSpec(account.bucket, "cam1")


def _one_sentence(text):
    assert "\n" not in text
    assert "Traceback" not in text
    assert "botocore" not in text
    return text


def test_a_name_that_another_account_has_taken(account, monkeypatch):
    account.client("s3")
    # For MiniStack, an access key id of twelve digits is the root user of that account.
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "111111111111")
    other = Aws(region=account.aws.region)
    place = {"LocationConstraint": account.aws.region}
    other.call("s3", "create_bucket", Bucket=account.bucket, CreateBucketConfiguration=place)
    with pytest.raises(AwsError, match=r"belongs to another AWS account .*choose another name"):
        create.plan(account.aws, _spec(account))


def test_aws_is_told_whose_bucket_it_must_be(account):
    """Another account's bucket that we can access is not ours; MiniStack does not check this."""
    asked = []

    def hear(request, **_):
        asked.append(request.headers.get("x-amz-expected-bucket-owner"))

    account.client("s3").meta.events.register("before-send.s3.HeadBucket", hear)
    bucket.exists(account.aws, account.bucket)
    assert asked == [b"000000000000"]


def test_a_name_that_is_taken_between_plan_and_making(account, monkeypatch):
    plan = create.plan(account.aws, _spec(account))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "111111111111")
    place = {"LocationConstraint": account.aws.region}
    Aws(region=account.aws.region).call(
        "s3", "create_bucket", Bucket=account.bucket, CreateBucketConfiguration=place
    )
    with pytest.raises(MegacamError, match=r"belongs to another AWS account") as refused:
        plan.make()
    _one_sentence(str(refused.value))


def test_a_bucket_in_another_region_names_that_region(account):
    create.plan(account.aws, _spec(account)).make()
    with pytest.raises(AwsError, match=r"is in eu-central-1; add --region eu-central-1"):
        bucket.exists(account.aws.in_region("us-west-2"), account.bucket)


def test_credentials_without_permission(account):
    create.plan(account.aws, _spec(account)).make()
    key = keys.AccessKeys(account.aws, account.bucket, "cam1").make()
    with pytest.raises(AwsError, match=r"may not call .*; use an administrator's profile") as no:
        keys.devices(account.aws.as_key(key), account.bucket)
    assert no.value.denied
    assert key.secret_access_key not in _one_sentence(str(no.value))


def test_a_user_without_iot_and_budget_rights_can_still_look(account):
    """`show` needs IAM and S3; without rights for IoT or budgets it shows none."""
    create.plan(account.aws, _spec(account)).make()
    iam = account.client("iam")
    iam.create_user(UserName=f"looker-{account.bucket}")
    may = {"Effect": "Allow", "Action": ["s3:*", "iam:*", "sts:*"], "Resource": "*"}
    iam.put_user_policy(
        UserName=f"looker-{account.bucket}",
        PolicyName="look",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [may]}),
    )
    made = iam.create_access_key(UserName=f"looker-{account.bucket}")["AccessKey"]
    looker = account.aws.as_key(AccessKey(made["AccessKeyId"], made["SecretAccessKey"]))
    report = show.report(looker, account.bucket)
    assert [device.name for device in report.devices] == ["cam1"]
    assert report.budget_usd is None


def test_a_key_that_aws_does_not_know(account, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a secret that must not be shown")
    with pytest.raises(AwsError, match=r"AWS does not accept your AWS credentials") as refused:
        create.plan(Aws(region="us-east-1"), _spec(account))
    assert "must not be shown" not in _one_sentence(str(refused.value))


def test_no_credentials_at_all(account, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(MegacamError, match=r"no AWS credentials .*`aws configure`"):
        create.plan(Aws(region="us-east-1"), _spec(account))


def test_half_a_key(account, monkeypatch):
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(MegacamError, match=r"no AWS credentials"):
        create.plan(Aws(region="us-east-1"), _spec(account))


def test_a_profile_that_is_not_there(account):
    with pytest.raises(MegacamError, match=r"there is no AWS profile 'nobody'"):
        Aws(profile="nobody", region="us-east-1")


def test_no_region(account):
    with pytest.raises(MegacamError, match=r"no AWS region is set; add --region"):
        create.plan(Aws(), _spec(account))


def test_a_region_that_cannot_be(account, monkeypatch):
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    with pytest.raises(MegacamError, match=r"region") as refused:
        Aws(region="eu central 1").call("s3", "list_buckets")
    _one_sentence(str(refused.value))


def test_nobody_listens(account, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"https://127.0.0.1:{taken.getsockname()[1]}")
        monkeypatch.setattr("megacam.aws._ATTEMPTS", 1)
        with pytest.raises(AwsError, match=r"cannot reach https://127\.0\.0\.1:\d+.*; check"):
            Aws(region="us-east-1").call("s3", "list_buckets")


def test_a_certificate_that_nobody_vouches_for(account, monkeypatch):
    monkeypatch.delenv("AWS_CA_BUNDLE")
    monkeypatch.setattr("megacam.aws._ATTEMPTS", 1)
    with pytest.raises(AwsError, match=r"cannot be verified; .*AWS_CA_BUNDLE"):
        Aws(region="us-east-1").call("s3", "list_buckets")


def test_a_store_named_for_s3_alone_is_not_asked_about_users(account, monkeypatch):
    endpoint = account.store.endpoint
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)
    aws = Aws(region="us-east-1")
    assert aws.client("s3").meta.endpoint_url == endpoint
    assert aws.client("s3").meta.config.s3["addressing_style"] == "path"
    assert aws.client("iam").meta.endpoint_url == "https://iam.amazonaws.com"


def test_a_bucket_that_never_shows_up_is_one_sentence(account, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with pytest.raises(AwsError, match=r"does not show the bucket .* yet; run the same command"):
        account.aws.wait("s3", "bucket_exists", Bucket=account.bucket)


def test_a_link_to_one_photo_works_without_any_key_and_for_that_photo_alone(account):
    create.plan(account.aws, _spec(account)).make()
    account.client("s3").put_object(Bucket=account.bucket, Key="cam1/x.jpg", Body=b"photo")
    link = account.aws.presigned_url(account.bucket, "cam1/x.jpg", 600)
    trust = ssl.create_default_context(cafile=account.store.ca_pem)
    with urllib.request.urlopen(link, context=trust, timeout=30) as answer:
        assert answer.read() == b"photo"
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(link.replace("x.jpg", "y.jpg"), context=trust, timeout=30)


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_a_link_is_signed_as_every_bucket_wants_it(account, region):
    link = Aws(region=region).presigned_url("photos", "cam1/x.jpg", 600)
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in link
    assert f"%2F{region}%2Fs3%2Faws4_request" in link


def test_a_bucket_that_is_not_there(account):
    with pytest.raises(MegacamError, match=r"there is no bucket .*`megacam cloud create`"):
        show.report(account.aws, account.bucket)
    with pytest.raises(AwsError, match=r"there is no bucket .*check --bucket"):
        account.aws.call("s3", "list_objects_v2", Bucket=account.bucket)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("ExpiredToken", "has expired; sign in again"),
        ("RequestTimeTooSkewed", "clock is wrong"),
        ("OptInRequired", "not set up for"),
        ("LimitExceeded", "quota"),
        ("OperationAborted", "because of the moon (OperationAborted)"),
        ("SomethingNew", "AWS refused CreateUser on user x: because of the moon (SomethingNew)"),
    ],
)
def test_answers_that_this_store_never_gives(account, code, words):
    """The answer is that of AWS, injected at the HTTP level instead of the store's."""
    from botocore.awsrequest import AWSResponse
    from role_aliases import Raw

    body = (
        f"<ErrorResponse><Error><Code>{code}</Code><Message>because of the moon.</Message>"
        "</Error></ErrorResponse>"
    )

    def answer(request, **_):
        return AWSResponse(request.url, 400, {}, Raw(body.encode()))

    account.client("iam").meta.events.register("before-send.iam.CreateUser", answer)
    with pytest.raises(AwsError) as refused:
        account.aws.call("iam", "create_user", UserName="x")
    assert words in _one_sentence(str(refused.value))
    assert refused.value.code == code
