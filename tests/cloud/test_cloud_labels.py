"""`cloud create --digest --labels`: the function asks Rekognition, and its role may do so."""

import json
from datetime import datetime, timedelta, timezone

import pytest
from cloud_function import invoke, trust
from gallery_wire import jpeg, key_of
from megacam import console
from megacam.aws import Aws
from megacam.cli import app
from megacam.cloud import create, digest_function, show
from megacam.cloud.spec import CloudSpec
from megacam.digest import run
from megacam.errors import MegacamError
from servers.labeller import Model

pytest_plugins = ("local_aws", "cloud_function")


def make(account, **wanted):
    plan = create.plan(account.aws, CloudSpec(account.bucket, "cam1", **wanted))
    plan.make()
    return [step.text for step in plan.changes]


def rights(account):
    name = digest_function.name_of(account.bucket, "cam1")
    found = account.client("iam").get_role_policy(RoleName=name, PolicyName="megacam-digest")
    return {str(one["Action"]): one["Resource"] for one in found["PolicyDocument"]["Statement"]}


def photo(account, moment, motion):
    key = key_of("cam1", moment, 1)
    account.client("s3").put_object(
        Bucket=account.bucket, Key=key, Body=jpeg(90), Metadata={"motion": motion}
    )
    return key


def read(account, key):
    answer = account.client("s3").get_object(Bucket=account.bucket, Key=key)
    return json.loads(answer["Body"].read())


def test_the_function_labels_the_hour_s_photos_with_motion_and_photos_on_upload(account, wheels):
    make(account, digest=True, labels="rekognition", label_calls=2)
    now = datetime.now(timezone.utc)
    hour = run.window(now)[1] - timedelta(hours=1)
    key, still = photo(account, hour, "99"), photo(account, hour + timedelta(minutes=5), "0")
    with Model() as model:
        model.answer = model.rekognition
        # Without the notification, so that only this test starts the function.
        more = {"AWS_ENDPOINT_URL_REKOGNITION": model.url, "MEGACAM_ON_UPLOAD": "all"}
        trust(account, **more)
        done = invoke(account, {"days": 2})
        assert (done["labelled"], done["label_calls"], done["label_note"]) == (1, 1, ""), done
        index = read(account, f"cam1/_digest/{hour:%Y/%m/%d/%H}/index.json")
        rows = {row["key"]: row for row in index["photos"]}
        assert rows[key]["labels"] == {"animal": 0.99, "fox": 0.932}
        assert "labels" not in rows[still]
        for number in (1, 2):
            new = photo(account, now + timedelta(seconds=number), "99")
            event = {"Records": [{"s3": {"object": {"key": new}}}]}
            for _ in range(2):
                assert invoke(account, event) == {new: "made"}
        assert len(model.got) == 2, "then the budget was used up"


def test_the_role_may_ask_rekognition_only_while_labels_are_on(account, wheels):
    make(account, digest=True)
    assert "rekognition:DetectLabels" not in rights(account)
    assert len(make(account, labels="rekognition")) == 2
    may = rights(account)
    assert may["rekognition:DetectLabels"] == "*"
    assert may["s3:PutObjectAnnotation"] == f"arn:aws:s3:::{account.bucket}/cam1/2*"
    assert "ssm:GetParameter" not in may and "sns:Publish" not in may
    [device] = show.report(account.aws, account.bucket).devices
    assert device.digest == "hourly, labels"
    assert make(account, digest=True) == []
    make(account, labels="https://model.example.org/labels", label_calls=7)
    may = rights(account)
    assert "rekognition:DetectLabels" not in may and "s3:PutObjectAnnotation" in may
    told = digest_function.read(account.aws, account.bucket, "cam1")
    assert (told["MEGACAM_LABELS"][-7:], told["MEGACAM_LABEL_CALLS"]) == ("/labels", "7")
    assert len(make(account, labels="off")) == 2
    assert "s3:PutObjectAnnotation" not in rights(account)


def test_a_model_s_token_is_in_an_encrypted_parameter_and_no_other_model_gets_it(account, wheels):
    url = "https://model.example.org/labels"
    spec = CloudSpec(account.bucket, "cam1", digest=True, labels=url, labels_token="tk_secret")
    plan = create.plan(account.aws, spec)
    plan.make()
    parameter = f"/megacam/{account.bucket}/cam1/labels-token"
    told = digest_function.read(account.aws, account.bucket, "cam1")
    assert told["MEGACAM_LABELS_PARAMETER"] == parameter
    for said in (spec, plan.as_data(True), plan, told):
        assert "tk_secret" not in repr(said)
    assert rights(account)["ssm:GetParameter"].endswith(f":parameter{parameter}")
    assert make(account, labels=url) == make(account) == []
    ssm = account.client("ssm")
    kept = ssm.get_parameter(Name=parameter, WithDecryption=True)["Parameter"]
    assert (kept["Type"], kept["Value"]) == ("SecureString", "tk_secret")
    hour = run.window(datetime.now(timezone.utc))[1] - timedelta(hours=1)
    photo(account, hour, "99")
    with Model() as model:
        trust(account, MEGACAM_LABELS=model.url)
        ssm.delete_parameter(Name=parameter)
        done = invoke(account, {"days": 2})
        assert (done["hours_made"], done["labelled"], model.got) == (1, 0, []), done
        ssm.put_parameter(Name=parameter, Value="tk_secret", Type="SecureString")
        done = invoke(account, {"days": 2})
        assert (done["hours_made"], done["labelled"]) == (0, 1), done
        assert model.got[0][1]["Authorization"] == "Bearer tk_secret"
    changed = make(account, labels="https://other.example.org/labels")
    assert changed[-1] == f"delete the parameter {parameter}"
    told = digest_function.read(account.aws, account.bucket, "cam1")
    assert told["MEGACAM_LABELS_PARAMETER"] == "" and "ssm:GetParameter" not in rights(account)


@pytest.mark.parametrize("token", ["two words", "line\n", "x" * 4097])
def test_a_token_that_no_header_takes_is_refused_and_not_shown(token):
    with pytest.raises(MegacamError, match="MEGACAM_LABELS_TOKEN must have") as refused:
        CloudSpec("photos", "cam1", digest=True, labels="https://a.example/", labels_token=token)
    assert token not in str(refused.value)


def test_a_model_that_a_function_cannot_reach_is_refused(account):
    for words in ("http://192.168.1.5/labels", "http://localhost/", "rekognise"):
        with pytest.raises(MegacamError, match="must be rekognition or begin with https://"):
            CloudSpec(account.bucket, "cam1", digest=True, labels=words)


def test_a_region_without_rekognition_is_named(account):
    away = Aws(region="eu-north-1")
    spec = CloudSpec(account.bucket, "cam1", digest=True, labels="rekognition")
    with pytest.raises(MegacamError, match="no Rekognition in eu-north-1"):
        create.plan(away, spec)


def test_the_command_and_the_template_take_labels_and_alarms(
    account, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "alarms.json"
    path.write_text('{"ntfy": {"url": "https://ntfy.sh/secret-topic"}}')
    path.chmod(0o600)
    words = ("--bucket", account.bucket, "--device", "cam1", "--digest", "--labels", "rekognition",
             "--label-calls", "50", "--alarms", str(path))  # fmt: skip
    region = ("--region", account.aws.region)
    assert console.run(app, ["cloud", "template", *words]) == 0
    said = capsys.readouterr()
    made = json.loads(said.out)
    told = made["Resources"]["Digestcam1"]["Properties"]["Environment"]["Variables"]
    assert (told["MEGACAM_LABELS"], told["MEGACAM_LABEL_CALLS"]) == ("rekognition", "50")
    assert told["MEGACAM_ALARMS_PARAMETER"] == {"Fn::Sub": "/megacam/${BucketName}/cam1/alarms"}
    assert "aws ssm put-parameter --type SecureString" in " ".join(said.err.split())
    assert "secret-topic" not in said.out + said.err
    assert console.run(app, ["cloud", "create", *words, *region, "--dry-run"]) == 0
    said = capsys.readouterr()
    assert "keep alarms.json encrypted" in said.out and "secret-topic" not in said.out + said.err
    monkeypatch.setenv("MEGACAM_LABELS_TOKEN", "tk_secret")
    words = (*words[:5], "--labels", "https://model.example.org/labels")
    assert console.run(app, ["cloud", "template", *words]) == 0
    said = capsys.readouterr()
    told = json.loads(said.out)["Resources"]["Digestcam1"]["Properties"]["Environment"]
    parameter = "/megacam/{}/cam1/labels-token"
    assert told["Variables"]["MEGACAM_LABELS_PARAMETER"] == {
        "Fn::Sub": parameter.format("${BucketName}")
    }
    assert parameter.format(account.bucket) in " ".join(said.err.split())
    assert "tk_secret" not in said.out + said.err
    assert console.run(app, ["cloud", "create", *words, *region, "--dry-run"]) == 0
    said = capsys.readouterr()
    assert "keep the model's token encrypted" in said.out
    assert "tk_secret" not in said.out + said.err
    words = (*words[:5], "--alarms", str(path))
    path.chmod(0o644)
    assert console.run(app, ["cloud", "create", *words, *region, "--dry-run"]) == 1
    assert "others may read" in capsys.readouterr().err
