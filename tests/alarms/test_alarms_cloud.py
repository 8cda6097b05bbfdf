"""Alarms that the digest's Lambda function sends: from MiniStack, by a parameter of SSM."""

import json
import os
from datetime import datetime, timedelta, timezone

import pytest
import trustme
from botocore.exceptions import ClientError
from cloud_function import invoke, trust
from gallery_wire import BUCKET, WireS3, jpeg, key_of
from megacam.alarms import homeassistant, settings
from megacam.alarms.look import hourly
from megacam.cloud import create, destroy, digest_alarms, digest_function, function_zip, show
from megacam.cloud.digest_function import Wanted
from megacam.cloud.spec import CloudSpec
from megacam.errors import MegacamError
from servers.mosquitto import HomeAssistant, Mosquitto, needs_mosquitto
from servers.running import issue

pytest_plugins = ("local_aws", "cloud_function")
TOPIC = "arn:aws:sns:eu-central-1:000000000000:alarms"
STATE = "cam1/_digest/alarms.json"


def make(account, **wanted):
    plan = create.plan(account.aws, CloudSpec(account.bucket, "cam1", **wanted))
    plan.make()
    return [step.text for step in plan.changes]


def alarms(receiver, **more):
    return json.dumps({"webhook": {"url": f"{receiver.url}/hook", "token": "tk_secret"}, **more})


def started(account, receiver, **wanted):
    make(account, digest=True, alarms=alarms(receiver), **wanted)
    trust(account, SSL_CERT_FILE=os.environ["SSL_CERT_FILE"])


def late_camera(account, now):
    """Put a photo and a report of a camera that has been silent for two hours."""
    then = now - timedelta(hours=2)
    s3, key = account.client("s3"), key_of("cam1", then, 1)
    s3.put_object(Bucket=account.bucket, Key=key, Body=jpeg(90))
    said = {"time": int(then.timestamp()), "interval_s": 30, "uptime_s": 900}
    s3.put_object(Bucket=account.bucket, Key="cam1/status.json", Body=json.dumps(said))
    return key


def kinds(receiver):
    return [body["kind"] for _, _, body, _ in receiver.got]


def test_the_function_tells_once_after_the_hour_s_digest_that_a_camera_is_lost(
    account, receiver, wheels
):
    started(account, receiver)
    key = late_camera(account, datetime.now(timezone.utc))
    done = invoke(account, {"days": 2})
    assert (done["hours_made"], done["alarms"]) == (1, {"events": ["lost"], "faults": []}), done
    [(path, headers, body, _)] = receiver.got
    assert (path, headers["Authorization"], body["kind"]) == ("/hook", "Bearer tk_secret", "lost")
    assert f"/{account.bucket}/{key}?" in body["link"]
    assert STATE in account.object_keys()
    assert invoke(account, {"days": 2})["alarms"] == {"events": [], "faults": []}
    assert kinds(receiver) == ["lost"]


def test_a_digest_that_fails_does_not_keep_the_alarms_back(account, receiver, wheels):
    started(account, receiver)
    late_camera(account, datetime.now(timezone.utc))
    trust(account, MEGACAM_TIMEZONE="Mars/Base")
    failed = invoke(account, {"days": 2})
    assert "Mars/Base" in failed["errorMessage"]
    assert kinds(receiver) == ["lost"]


def test_a_photo_on_upload_is_looked_at_too(account, receiver, wheels):
    started(account, receiver)
    # Without the notification, so that only this test starts the function.
    trust(account, MEGACAM_ON_UPLOAD="motion")
    now = datetime.now(timezone.utc)
    late_camera(account, now)
    invoke(account, {"days": 2})
    keys = [key_of("cam1", now - timedelta(seconds=n), n) for n in (20, 10)]
    for key, score in zip(keys, ("99", "0"), strict=True):
        account.client("s3").put_object(
            Bucket=account.bucket, Key=key, Body=jpeg(90), Metadata={"motion": score}
        )
    moved, still = ({"Records": [{"s3": {"object": {"key": key}}}]} for key in keys)
    assert invoke(account, still) == {keys[1]: "still"}, "no look for a photo without motion"
    done = invoke(account, moved)
    assert done[keys[0]] == "made" and done["alarms"]["faults"] == []
    assert invoke(account, moved)["alarms"]["events"] == []


def test_a_sender_that_is_away_is_a_fault_and_its_message_waits(account, receiver, wheels):
    started(account, receiver)
    late_camera(account, datetime.now(timezone.utc))
    receiver.statuses = [404]
    [fault] = invoke(account, {"days": 2})["alarms"]["faults"]
    assert "404" in fault and "/hook" not in fault and "tk_secret" not in fault
    state = json.loads(
        account.client("s3").get_object(Bucket=account.bucket, Key=STATE)["Body"].read()
    )
    assert [one["kind"] for one in state["outbox"]] == ["lost"]


def test_the_secrets_are_in_an_encrypted_parameter_and_nowhere_else(account, receiver, wheels):
    text = alarms(receiver, sns={"topic": TOPIC})
    spec = CloudSpec(account.bucket, "cam1", digest=True, alarms=text)
    plan = create.plan(account.aws, spec)
    plan.make()
    name = f"/megacam/{account.bucket}/cam1/alarms"
    found = account.client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]
    assert found["Type"] == "SecureString"
    assert json.loads(found["Value"]) == json.loads(text)
    told = digest_function.read(account.aws, account.bucket, "cam1")
    assert told["MEGACAM_ALARMS_PARAMETER"] == name
    for said in (spec, plan.as_data(True), told, plan):
        assert "tk_secret" not in repr(said) and receiver.url not in repr(said)
    role = account.client("iam").get_role_policy(
        RoleName=digest_function.name_of(account.bucket, "cam1"), PolicyName="megacam-digest"
    )["PolicyDocument"]
    may = {str(one["Action"]): one["Resource"] for one in role["Statement"]}
    assert may["ssm:GetParameter"].endswith(f":parameter{name}")
    assert may["sns:Publish"] == TOPIC
    assert "rekognition:DetectLabels" not in may and "s3:PutObjectAnnotation" not in may


def test_the_same_again_changes_nothing_and_off_removes_it(account, receiver, wheels):
    text = alarms(receiver, sns={"topic": TOPIC})
    make(account, digest=True, alarms=text)
    assert make(account, digest=True, alarms=text) == []
    assert make(account, digest=True) == [] and make(account) == []
    [device] = show.report(account.aws, account.bucket).devices
    assert device.digest == "hourly, alarms"
    changed = make(account, alarms=alarms(receiver, link_hours=3))
    assert [text.split()[0] for text in changed] == ["keep", "let", "run"]
    assert len(make(account, alarms="off")) == 3
    told = digest_function.read(account.aws, account.bucket, "cam1")
    assert (told["MEGACAM_ALARMS_PARAMETER"], told["MEGACAM_ALARMS_TOPIC"]) == ("", "")
    assert _parameters(account) == []
    make(account, alarms=text)
    assert len(_parameters(account)) == 1
    destroy.plan(account.aws, account.bucket, "cam1").make()
    assert _parameters(account) == []


def test_only_what_the_function_needs_is_kept_for_it():
    """A password of a broker that only --mqtt names stays at home."""
    text = {"ntfy": {"url": "https://ntfy.sh/x"}, "mqtt": {"password": "tk_secret"}}
    assert json.loads(digest_alarms.checked(json.dumps(text))[0]) == {"ntfy": text["ntfy"]}
    text["mqtt"] |= {"server": "mqtts://broker.example.org:8884"}
    assert json.loads(digest_alarms.checked(json.dumps(text))[0]) == text


@needs_mosquitto
def test_the_function_tells_home_assistant_by_a_broker_in_the_internet(account, wheels, tmp_path):
    public = {"server": "mqtts://broker.example.org", "user": "me", "password": "tk_secret"}
    make(account, digest=True, alarms=json.dumps({"mqtt": public}))
    late_camera(account, datetime.now(timezone.utc))
    authority, topics = trustme.CA(), homeassistant.Topics(account.bucket)
    authority.cert_pem.write_to_path(tmp_path / "broker.pem")
    trust(account, SSL_CERT_FILE=str(tmp_path / "broker.pem"))
    (tmp_path / "broker").mkdir()
    with Mosquitto(tmp_path / "broker", ("me", "tk_secret"), issue(authority)) as broker:
        # No broker in the internet is at hand.
        here = json.dumps({"mqtt": {**public, "server": f"mqtts://localhost:{broker.port}"}})
        name = f"/megacam/{account.bucket}/cam1/alarms"
        account.client("ssm").put_parameter(
            Name=name, Value=here, Type="SecureString", Overwrite=True
        )
        done = invoke(account, {"days": 2})
        assert done["alarms"] == {"events": ["lost"], "faults": []}, done
        with HomeAssistant(broker.port, ("me", "tk_secret"), authority) as home:
            home.reach(topics.discovery("cam1"), topics.state("cam1"), topics.image("cam1"))
            assert json.loads(home.got[topics.state("cam1")])["problem"] == "ON"
            origin = json.loads(home.got[topics.discovery("cam1")])["origin"]
            assert origin == {"name": "megacam", "sw_version": function_zip.identity(film=True)}
    assert STATE not in account.object_keys(), "that is for who sends alarms"
    [fault] = invoke(account, {"days": 2})["alarms"]["faults"]
    assert "Home Assistant was not told: the MQTT broker localhost" in fault


def _parameters(account):
    name = f"/megacam/{account.bucket}/cam1/alarms"
    try:
        return [account.client("ssm").get_parameter(Name=name)["Parameter"]["Name"]]
    except ClientError:
        return []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"ntfy": {"url": "https://ntfy.sh/x"}, "quiet": "22:00-07:00"}', "needs a timezone"),
        ('{"mqtt": {"user": "me"}}', "nobody to whom a function can send"),
        ('{"mqtt": {"server": "mqtts://homeassistant.local"}}', "cannot reach the MQTT broker ho"),
        ('{"mqtt": {"server": "mqtts://192.168.1.5"}}', r"cannot .*\.5 in your own .*--mqtt` or"),
        (
            '{"mqtt": {"server": "mqtt://broker.example.org"}}',
            "must be mqtts://broker.example.org",
        ),
        ("{", "not valid JSON"),
        (json.dumps({"webhook": {"url": "https://a.example/" + "x" * 5000}}), "over 4096 bytes"),
    ],
)
def test_an_alarms_json_that_does_not_do_in_the_cloud_is_refused(account, text, why):
    with pytest.raises(MegacamError, match=why):
        make(account, digest=True, alarms=text)


def test_alarms_without_a_digest_say_what_to_add(account):
    text = '{"ntfy": {"url": "https://ntfy.sh/x"}}'
    for wanted in ({"alarms": text}, {"labels": "rekognition"}):
        with pytest.raises(MegacamError, match=r"cam1 has no digest yet.*add --digest"):
            make(account, **wanted)


def test_the_role_suffices_for_a_look(account, receiver, wheels):
    """MiniStack does not sign a function's requests with its role, so a user takes its policy."""
    make(account)
    now = datetime.now(timezone.utc)
    late_camera(account, now)
    own = digest_function.policy(account.aws, Wanted(account.bucket, "cam1", alarms=True))
    for statement in own["Statement"]:
        # Other stores' condition; the rest of the policy is as at AWS.
        statement.get("Condition", {}).pop("StringEquals", None)
    iam, name = account.client("iam"), f"look-{account.bucket}"
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(own))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    client = account.store.client_with_key("s3", key["AccessKeyId"], key["SecretAccessKey"])
    for events in (["lost"], []):
        [seen] = hourly(client, account.bucket, ["cam1"], alarms(receiver), int(now.timestamp()))
        assert [one.kind for one in seen.events] == events
    assert kinds(receiver) == ["lost"]


def test_a_store_that_hides_what_is_missing_is_no_obstacle(receiver):
    """To a role that may list only a prefix, S3 answers 403 for a missing state and report."""
    now = datetime.now(timezone.utc)
    with WireS3() as s3:
        s3.hides = True
        s3.put(key_of("cam1", now - timedelta(hours=3), 1), jpeg(90))
        [seen] = hourly(s3.client(), BUCKET, ["cam1"], alarms(receiver), int(now.timestamp()))
        assert [one.kind for one in seen.events] == ["lost"]
        s3.refusal = (403, "AccessDenied")
        with pytest.raises(MegacamError, match=r"AccessDenied|may not"):
            hourly(s3.client(), BUCKET, ["cam1"], alarms(receiver), int(now.timestamp()))
    assert kinds(receiver) == ["lost"]


def test_quiet_hours_have_a_zone_where_the_system_has_none(monkeypatch):
    monkeypatch.setattr("zoneinfo.TZPATH", ())
    monkeypatch.setattr(settings.zoneinfo, "ZoneInfo", _none)
    found = settings.parse('{"quiet": "22:00-07:00", "timezone": "Europe/Berlin"}')
    assert found.quiet.local(1_795_521_600).hour == 13
    with pytest.raises(MegacamError, match="must be a name such as Europe/Berlin"):
        settings.parse('{"quiet": "22:00-07:00", "timezone": "Europe/Nowhere"}')


def _none(name):
    raise settings.zoneinfo.ZoneInfoNotFoundError(name)
