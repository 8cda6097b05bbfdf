"""`cloud create --digest` repairs what was changed by hand, and `cloud show` tells of it."""

import json

import pytest
from megacam.cloud import create, digest_function, function_zip, show
from megacam.cloud.spec import CloudSpec

pytest_plugins = ("local_aws", "cloud_function")


def _plan(account, **wanted):
    return create.plan(account.aws, CloudSpec(account.bucket, "cam1", digest=True, **wanted))


def _make(account, **wanted):
    """Make the digest; return the name of its function."""
    _plan(account, **wanted).make()
    return digest_function.name_of(account.bucket, "cam1")


def _changes(account, **wanted):
    return [step.text for step in _plan(account, **wanted).changes]


def _remarks(account):
    [device] = show.report(account.aws, account.bucket).devices
    return [one for one in device.remarks if "digest" in one]


def _starters(account, name):
    """Return who may start the function, as {source ARN: service}."""
    told = account.client("lambda").get_policy(FunctionName=name)["Policy"]
    return {
        one["Condition"]["ArnLike"]["AWS:SourceArn"]: one["Principal"]["Service"]
        for one in json.loads(told)["Statement"]
    }


def test_a_function_that_was_made_again_may_be_started_again(account, wheels):
    name = _make(account, on_upload="all")
    account.client("lambda").delete_function(FunctionName=name)
    _make(account, on_upload="all")
    rule = account.client("events").describe_rule(Name=f"{name}-hourly")["Arn"]
    assert _starters(account, name) == {
        rule: "events.amazonaws.com",
        rule.replace("-hourly", "-daily"): "events.amazonaws.com",
        f"arn:aws:s3:::{account.bucket}": "s3.amazonaws.com",
    }
    assert _changes(account, on_upload="all") == []
    assert _remarks(account) == []


def test_a_missing_permission_to_start_it_is_shown_and_repaired(account, wheels):
    function = {"FunctionName": _make(account, on_upload="motion")}
    client = account.client("lambda")
    for who, step in (
        ("hourly", "run it 5 minutes past each hour"),
        ("daily", "run it each night, for late photos"),
        ("s3", "run it on upload, for each photo with motion"),
    ):
        client.remove_permission(**function, StatementId=f"megacam-{who}")
        assert "schedule or trigger is missing or off" in str(_remarks(account))
        assert _changes(account) == [step]
        # One for another source does not do, either.
        other = {"Principal": "s3.amazonaws.com", "SourceArn": "arn:aws:s3:::not-this-one"}
        client.add_permission(
            **function, **other, StatementId=f"megacam-{who}", Action="lambda:InvokeFunction"
        )
        assert _changes(account) == [step]
        _make(account)
        assert len(_starters(account, function["FunctionName"])) == 3
        assert _changes(account) == []
        assert _remarks(account) == []


def test_a_rule_without_its_target_and_a_missing_notification_are_shown(account, wheels):
    name = _make(account, on_upload="all")
    account.client("events").remove_targets(Rule=f"{name}-daily", Ids=["digest"])
    assert len(_remarks(account)) == 1
    _make(account)
    assert _remarks(account) == []
    account.client("s3").put_bucket_notification_configuration(
        Bucket=account.bucket, NotificationConfiguration={}
    )
    assert len(_remarks(account)) == 1


def test_permissions_and_a_notification_with_names_of_cloudformation_need_no_change(
    account, wheels
):
    function = {"FunctionName": _make(account, on_upload="all")}
    client, s3 = account.client("lambda"), account.client("s3")
    source = {"SourceArn": f"arn:aws:s3:::{account.bucket}", "SourceAccount": "000000000000"}
    client.remove_permission(**function, StatementId="megacam-s3")
    client.add_permission(
        **function, **source, StatementId="garden-DigestUploadCam1May-1a2b3c4d",
        Action="lambda:InvokeFunction", Principal="s3.amazonaws.com",
    )  # fmt: skip
    found = s3.get_bucket_notification_configuration(Bucket=account.bucket)
    [ours] = found["LambdaFunctionConfigurations"]
    theirs = {"LambdaFunctionConfigurations": [{**ours, "Id": "garden-1a2b3c4d"}]}
    s3.put_bucket_notification_configuration(
        Bucket=account.bucket, NotificationConfiguration=theirs
    )
    assert _changes(account) == []
    assert _remarks(account) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"Timeout": 3},
        {"MemorySize": 128},
        {"Runtime": "python3.12"},
        {"Handler": "other.handle"},
        {"Role": "arn:aws:iam::000000000000:role/other"},
        {"DeadLetterConfig": {"TargetArn": ""}},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_setting_of_the_function_that_was_changed_is_put_back(account, wheels, changed):
    client, name = account.client("lambda"), {"FunctionName": _make(account)}
    before = client.get_function_configuration(**name)
    [setting] = changed
    client.update_function_configuration(**name, **changed)
    assert client.get_function_configuration(**name).get(setting) != before[setting]
    assert len(_changes(account)) == 1
    _make(account)
    assert client.get_function_configuration(**name)[setting] == before[setting]
    assert _changes(account) == []


def test_an_architecture_that_was_changed_is_put_back(account, wheels):
    client, name = account.client("lambda"), {"FunctionName": _make(account)}
    code = client.get_function(**name)["Configuration"]["CodeSha256"]
    client.update_function_code(
        **name, ZipFile=function_zip.build(film=True), Architectures=["x86_64"]
    )
    assert len(_changes(account)) == 1
    _make(account)
    found = client.get_function_configuration(**name)
    assert (found["Architectures"], found["CodeSha256"]) == (["arm64"], code)
    assert _changes(account) == []


def test_variables_of_the_owner_s_own_are_no_change(account, wheels):
    client, name = account.client("lambda"), {"FunctionName": _make(account)}
    told = client.get_function_configuration(**name)["Environment"]["Variables"]
    client.update_function_configuration(**name, Environment={"Variables": {**told, "TRACE": "1"}})
    assert _changes(account) == []


def test_a_role_that_was_deleted_is_made_again_and_given_to_the_function(account, wheels):
    name = _make(account)
    iam = account.client("iam")
    iam.delete_role_policy(RoleName=name, PolicyName=digest_function.POLICY)
    iam.delete_role(RoleName=name)
    assert [text.split()[0] for text in _changes(account)] == ["let", "run"]
    _make(account)
    role = iam.get_role(RoleName=name)["Role"]["Arn"]
    found = account.client("lambda").get_function_configuration(FunctionName=name)
    assert found["Role"] == role
    assert _changes(account) == []


def test_a_queue_that_was_changed_is_put_back(account, wheels):
    client, name = account.client("sqs"), _make(account)
    queue = {"QueueUrl": client.get_queue_url(QueueName=name)["QueueUrl"]}
    client.set_queue_attributes(**queue, Attributes={"MessageRetentionPeriod": "60"})
    assert [text[:20] for text in _changes(account)] == ["keep failed runs of "]
    _make(account)
    found = client.get_queue_attributes(**queue, AttributeNames=["All"])["Attributes"]
    assert found["MessageRetentionPeriod"] == str(14 * 86_400)
    assert _changes(account) == []


def test_a_role_that_lambda_may_no_longer_assume_is_put_back(account, wheels):
    iam, name = account.client("iam"), _make(account)
    before = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    theirs = {"Service": "ec2.amazonaws.com"}
    other = {**before, "Statement": [{**before["Statement"][0], "Principal": theirs}]}
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(other))
    assert [text.split()[0] for text in _changes(account)] == ["let"]
    _make(account)
    assert iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"] == before
    assert _changes(account) == []
