"""`cloud create --digest`: the function and all around it, on a Lambda that runs it."""

import ast
import importlib.metadata
import io
import json
import os
import subprocess
import sys
import zipfile
from datetime import datetime, timedelta, timezone

import pytest
from botocore.exceptions import ClientError
from cloud_function import invoke, trust, wheel
from gallery_wire import jpeg, key_of
from megacam.aws import AccessKey
from megacam.cloud import create, destroy, digest_function, digest_triggers, function_zip, show
from megacam.cloud.digest_function import Wanted
from megacam.cloud.spec import CloudSpec
from megacam.cloud.template import Options
from megacam.digest import run
from megacam.digest.day import Calendar
from megacam.digest.store import Store
from megacam.errors import MegacamError

pytest_plugins = ("local_aws", "cloud_function")


def _make(account, device="cam1", **wanted):
    plan = create.plan(account.aws, CloudSpec(account.bucket, device, **wanted))
    plan.make()
    return plan


def _changes(account, device="cam1", **wanted):
    plan = create.plan(account.aws, CloudSpec(account.bucket, device, **wanted))
    return [step.text for step in plan.changes]


def _hour(account, device="cam1"):
    """Put three photos into the last hour of which a run takes no more of them to be coming."""
    _, end = run.window(datetime.now(timezone.utc))
    start = end - timedelta(hours=1)
    for number in range(3):
        moment = start + timedelta(minutes=20 * number)
        account.client("s3").put_object(
            Bucket=account.bucket, Key=key_of(device, moment, number), Body=jpeg(90 + number)
        )
    return start


def _upload_event(*keys):
    return {"Records": [{"s3": {"object": {"key": key}}} for key in keys]}


def test_the_function_digests_the_hour_and_then_finds_nothing_new(account, wheels):
    _make(account, digest=True, timezone="<-02>2<-01>,M3.5.0/-1,M10.5.0/0")
    trust(account)
    start = _hour(account)
    result = invoke(account, {"days": 2})
    assert result.get("hours_made") == 1, result
    key = f"cam1/_digest/{start:%Y/%m/%d/%H}/index.json"
    assert key in account.object_keys()
    again = invoke(account, {"days": 2})
    assert (again["hours_made"], again["days_written"]) == (0, 0)


def test_uploads_are_seen_once_whatever_the_store_tells(account, wheels):
    _make(account, digest=True, on_upload="all")
    trust(account)
    now = datetime.now(timezone.utc)
    key, old = key_of("cam1", now, 1), key_of("cam1", now - timedelta(hours=30), 2)
    for one in (key, old):
        account.client("s3").put_object(Bucket=account.bucket, Key=one, Body=jpeg(90))
    gone = key_of("cam1", now, 3)
    own = "cam1/_digest/2026/11/23/12/sprite-0123456789abcdef.jpg"
    event = _upload_event(key, key, old, gone, own, "cam2/" + key[5:])
    first = invoke(account, event)
    assert first == {key: "made", old: "late", gone: "refused", own: "no photo",
                     "cam2/" + key[5:]: "no photo"}  # fmt: skip
    before = account.object_keys()
    assert invoke(account, event) == first
    assert account.object_keys() == before
    [thumbnail] = [one for one in before if "/_digest/" in one]
    assert thumbnail == f"cam1/_digest/{now:%Y/%m/%d/%H}/now/{key.rpartition('/')[2]}"


def test_the_same_again_changes_nothing_and_what_is_missing_is_made_again(account, wheels):
    _make(account, digest=True, on_upload="motion")
    assert _changes(account, digest=True, on_upload="motion") == []
    assert _changes(account) == []
    events, name = account.client("events"), digest_function.name_of(account.bucket, "cam1")
    events.disable_rule(Name=f"{name}-hourly")
    account.client("logs").delete_log_group(logGroupName=f"/aws/lambda/{name}")
    assert len(_changes(account, digest=True)) == 2
    assert "the digest's schedule or trigger is missing or off" in str(_remarks(account))
    _make(account, digest=True)
    assert _changes(account, digest=True) == []
    assert _remarks(account) == []


def _remarks(account):
    [device] = show.report(account.aws, account.bucket).devices
    return [one for one in device.remarks if "digest" in one]


def test_a_changed_wish_changes_the_function_alone(account, wheels):
    _make(account, digest=True)
    assert [text[:24] for text in _changes(account, digest=True, timezone="CET-1")] == [
        "run the digest of cam1 a"
    ]
    _make(account, digest=True, timezone="CET-1")
    found = digest_function.read(account.aws, account.bucket, "cam1")
    assert found["MEGACAM_TIMEZONE"] == "CET-1"
    # Who says nothing about it keeps it.
    assert _changes(account, keep_days=None) == []


def test_a_zone_that_no_run_could_use_is_refused_before_anything_is_made(account):
    with pytest.raises(MegacamError, match="no time zone 'Mars/Base'"):
        _changes(account, digest=True, timezone="Mars/Base")
    with pytest.raises(MegacamError, match="no time zone 'Mars/Base'"):
        Options(account.bucket, ("cam1",), digest=True, timezone="Mars/Base")
    assert _changes(account, digest=True, timezone="<-02>2<-01>,M3.5.0/-1,M10.5.0/0")


def test_on_upload_without_a_digest_says_what_to_add(account):
    with pytest.raises(MegacamError, match=r"cam1 has no digest yet.*add --digest"):
        _changes(account, on_upload="motion")
    assert not [text for text in _changes(account, on_upload="off") if "on upload" in text]


def test_show_tells_of_a_function_with_older_code(account, wheels):
    _make(account, digest=True)
    client = account.client("lambda")
    name = {"FunctionName": digest_function.name_of(account.bucket, "cam1")}
    told = client.get_function_configuration(**name)["Environment"]["Variables"]
    client.update_function_configuration(
        **name, Environment={"Variables": {**told, "MEGACAM_BUILD": "older"}}
    )
    assert "other code than is installed here" in str(_remarks(account))
    assert len(_changes(account, digest=True)) == 1


def test_the_role_reads_the_camera_s_prefix_and_writes_its_digest_only(account, wheels):
    _make(account, digest=True)
    name = digest_function.name_of(account.bucket, "cam1")
    iam = account.client("iam")
    own = iam.get_role_policy(RoleName=name, PolicyName="megacam-digest")["PolicyDocument"]
    arn = f"arn:aws:s3:::{account.bucket}"
    may = {str(one["Action"]): one["Resource"] for one in own["Statement"]}
    assert may["s3:GetObject"] == f"{arn}/cam1/*"
    assert may["['s3:PutObject', 's3:DeleteObject']"] == f"{arn}/cam1/_digest/*"
    lists = own["Statement"][1]
    assert lists["Condition"]["StringLike"] == {"s3:prefix": "cam1/*"}
    log = may["['logs:CreateLogStream', 'logs:PutLogEvents']"]
    assert log.endswith(f"log-group:/aws/lambda/{name}:*")
    assert "*" not in may["sqs:SendMessage"]
    role = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    assert role["Statement"][0]["Principal"] == {"Service": "lambda.amazonaws.com"}


def test_the_role_s_policy_suffices_for_the_digest_and_for_nothing_else(account, wheels):
    """MiniStack does not sign a function's requests with its role, so a user takes its policy."""
    _make(account)
    start = _hour(account)
    own = digest_function.policy(account.aws, Wanted(account.bucket, "cam1"))
    for statement in own["Statement"]:
        # Other stores' condition; the rest of the policy is as at AWS.
        statement.get("Condition", {}).pop("StringEquals", None)
    iam, name = account.client("iam"), f"digest-{account.bucket}"
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(own))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    client = account.s3_as(AccessKey(key["AccessKeyId"], key["SecretAccessKey"]))
    now = start + timedelta(hours=1, minutes=5)
    zone = Calendar(timezone.utc, "UTC0")
    for made in (1, 0):
        store = Store(client, account.bucket)
        result = run.run(store, "cam1", zone, run.window(now), now)
        assert result.hours_made == made
    for refused in (
        lambda: client.put_object(Bucket=account.bucket, Key="cam1/2026/x.jpg", Body=b""),
        lambda: client.put_object(Bucket=account.bucket, Key="cam2/_digest/x.jpg", Body=b""),
        lambda: client.delete_object(Bucket=account.bucket, Key=key_of("cam1", start, 0)),
        lambda: client.get_object(Bucket=account.bucket, Key="cam2/status.json"),
        lambda: client.list_objects_v2(Bucket=account.bucket),
        lambda: client.list_objects_v2(Bucket=account.bucket, Prefix="cam2/"),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            refused()


def test_the_function_ends_and_its_failures_and_logs_are_kept_for_a_time(account, wheels):
    _make(account, digest=True)
    name = digest_function.name_of(account.bucket, "cam1")
    found = account.client("lambda").get_function_configuration(FunctionName=name)
    assert (found["Timeout"], found["Architectures"]) == (900, ["arm64"])
    assert found["DeadLetterConfig"]["TargetArn"].endswith(name)
    [log] = account.client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")[
        "logGroups"
    ]
    assert log["retentionInDays"] == 14
    wanted = Wanted(account.bucket, "cam1")
    url = account.client("sqs").get_queue_url(QueueName=name)["QueueUrl"]
    account.client("sqs").send_message(QueueUrl=url, MessageBody="{}")
    assert digest_function.failed_runs(account.aws, wanted) == 1
    assert "1 run of the digest failed" in str(_remarks(account))


def test_the_notification_cannot_call_for_the_digest_s_own_objects_and_spares_others(
    account, wheels
):
    _make(account, digest=True)
    s3 = account.client("s3")
    other = {"EventBridgeConfiguration": {}}
    s3.put_bucket_notification_configuration(
        Bucket=account.bucket, NotificationConfiguration=other
    )
    _make(account, digest=True, on_upload="all")
    found = s3.get_bucket_notification_configuration(Bucket=account.bucket)
    assert found["EventBridgeConfiguration"] == {}
    [ours] = found["LambdaFunctionConfigurations"]
    rules = {one["Name"].lower(): one["Value"] for one in ours["Filter"]["Key"]["FilterRules"]}
    assert rules == {"prefix": "cam1/2", "suffix": ".jpg"}
    _make(account, digest=True, on_upload="off")
    found = s3.get_bucket_notification_configuration(Bucket=account.bucket)
    assert not found.get("LambdaFunctionConfigurations")
    assert found["EventBridgeConfiguration"] == {}


def test_show_names_it_and_destroy_removes_all_but_what_it_wrote(account, wheels):
    _make(account, digest=True, on_upload="motion")
    _make(account, "roof", digest=None)
    devices = show.report(account.aws, account.bucket).devices
    assert [one.digest for one in devices] == ["hourly, on upload: motion", ""]
    kept = "cam1/_digest/2026/11/23/day.json"
    account.client("s3").put_object(Bucket=account.bucket, Key=kept, Body=b"{}")
    destroy.plan(account.aws, account.bucket, "cam1").make()
    name = digest_function.name_of(account.bucket, "cam1")
    wanted = Wanted(account.bucket, "cam1")
    assert digest_function.read(account.aws, account.bucket, "cam1") is None
    assert digest_triggers.missing(account.aws, wanted)
    assert digest_function.failed_runs(account.aws, wanted) == 0
    logs = account.client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")
    assert logs["logGroups"] == []
    roles = account.client("iam").list_roles()["Roles"]
    assert name not in [one["RoleName"] for one in roles]
    assert kept in account.object_keys()


def test_what_a_failed_creation_left_is_removed_too(account, downloads):
    next(downloads.glob("pillow-*")).unlink()
    with pytest.raises(MegacamError, match="cannot download"):
        _make(account, digest=True)
    assert digest_function.read(account.aws, account.bucket, "cam1") is None
    _make(account, digest=False)
    name = digest_function.name_of(account.bucket, "cam1")
    assert name not in [one["RoleName"] for one in account.client("iam").list_roles()["Roles"]]
    assert not account.client("sqs").list_queues(QueueNamePrefix=name).get("QueueUrls")


def test_no_digest_removes_it_and_keeps_the_camera(account, wheels):
    _make(account, digest=True)
    _make(account, digest=False)
    [device] = show.report(account.aws, account.bucket).devices
    assert device.digest == ""
    assert _changes(account, digest=False) == []


def test_the_same_code_has_the_same_bytes_and_only_what_the_function_needs(wheels):
    first, second = function_zip.build(film=True), function_zip.build(film=True)
    assert first == second
    with zipfile.ZipFile(io.BytesIO(first)) as code:
        names = code.namelist()
        assert {info.date_time for info in code.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert "megacam/digest/handler.py" in names and "megacam/gallery/bucket.py" in names
    assert not [one for one in names if "aws.py" in one or "/pages/" in one or "RECORD" in one]
    assert [one for one in names if one.endswith("_note.txt")] == [
        "av_note.txt", "paho_mqtt_note.txt", "pillow_note.txt", "python_dateutil_note.txt",
        "six_note.txt",
    ]  # fmt: skip


def test_the_code_has_every_module_that_the_function_imports(wheels, tmp_path):
    folder = tmp_path / "code"
    with zipfile.ZipFile(io.BytesIO(function_zip.build(film=True))) as code:
        code.extractall(folder)
    # Also what is imported only when a film is made.
    script = (
        "import sys; import megacam.digest.handler, megacam.digest.upload, av;"
        # What alarms load for Home Assistant.
        "import megacam.alarms.mqtt;"
        # What alarms load of the camera's own code.
        "from megacam.alarms import due, seen; due.shots(seen.Seen('cam1'), 0, 90_000, 2);"
        "tops = ('megacam', 'firmware');"
        "found = [(n, m) for n, m in sys.modules.items() if n.split('.')[0] in tops];"
        "print([m.__file__ or m.__path__[0] for n, m in found])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(folder)}, text=True, capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    files = ast.literal_eval(done.stdout)
    assert len(files) > 15 and all(one.startswith(str(folder)) for one in files)


def test_code_too_large_for_lambda_says_what_to_leave_out(tmp_path, monkeypatch):
    assert function_zip.UNZIPPED_LIMIT_BYTES == 250 << 20  # which take a second to pack
    monkeypatch.setattr(function_zip, "UNZIPPED_LIMIT_BYTES", 5 << 20)
    big = wheel(tmp_path, "av==99", size=6 << 20)
    with pytest.raises(MegacamError, match=r" [67] MB unzipped .* 5 MB: leave .* --no-film"):
        function_zip.pack([big])


def test_a_wheel_that_is_not_there_is_named(downloads):
    next(downloads.glob("av-*")).unlink()
    version = importlib.metadata.version("av")
    with pytest.raises(MegacamError, match=rf"cannot download .*av=={version}"):
        function_zip.build(film=True)
    assert function_zip.build(film=False)


def test_a_wheel_cannot_write_outside_of_its_folder(tmp_path):
    path = tmp_path / "evil-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("../evil.py", "x")
    with pytest.raises(MegacamError, match="outside of its folder"):
        function_zip.pack([path])
