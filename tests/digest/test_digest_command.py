"""`megacam digest` as users and cron run it."""

import json
from datetime import datetime, timedelta, timezone

from gallery_wire import jpeg, key_of
from megacam import console
from megacam.cli import app
from servers.labeller import Model

pytest_plugins = "wire_store"


def run(*words):
    return console.run(app, ["digest", *words])


def hour_ago(hours):
    moment = datetime.now(timezone.utc).replace(minute=0, second=0, microsecond=0)
    return moment - timedelta(hours=hours)


def test_two_days_are_looked_at_and_more_on_request(store, capsys):
    for number, hours in enumerate((3, 30, 80)):
        store.put(key_of("cam1", hour_ago(hours), number), jpeg(90))
    assert run("--device", "cam1", "--no-film", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["hours_made"], said["photos"]) == (2, 2)
    assert run("--device", "cam1", "--no-film", "--days", "14") == 0
    assert "1 hour with 1 photo" in capsys.readouterr().out
    assert run("--device", "cam1", "--no-film", "--days", "14") == 0
    assert "nothing new in 3 hours (" in capsys.readouterr().out


def test_a_camera_that_stores_nothing_is_no_success(store, capsys):
    words = ("--device", "caml", "--no-film")
    assert run(*words) == 0
    said = capsys.readouterr().out
    assert "nothing is stored under caml/ yet; the bucket has no cameras" in said
    store.put(key_of("cam1", hour_ago(80), 1), jpeg(90))
    assert run(*words) == 0
    said = capsys.readouterr().out
    assert "nothing is stored under caml/ yet; the cameras here are: cam1" in said
    assert "nothing new" not in said
    assert run(*words, "--json") == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["hours_seen"] == 0 and "under caml/ yet" in said.err
    assert run("--device", "cam1", "--no-film") == 0
    assert "nothing new in 0 hours (" in capsys.readouterr().out


def test_config_json_names_camera_zone_and_threshold(store, tmp_path, capsys):
    settings = {
        "device": "cam1",
        "schedule": {"timezone": "JST-9"},
        "motion": {"threshold": 30},
    }
    (tmp_path / "config.json").write_text(json.dumps(settings))
    moment = hour_ago(5)
    store.put(key_of("cam1", moment, 1), jpeg(90), motion="40")
    assert run("--no-film") == 0
    local = (moment + timedelta(hours=9)).date()
    day = json.loads(store.objects[f"cam1/_digest/{local:%Y/%m/%d}/day.json"][0])
    assert day["zone"] == "JST-9"
    assert day["photos"][0][-1] == 1


def test_a_span_without_a_whole_hour_is_misuse(store, capsys):
    now = datetime.now(timezone.utc) + timedelta(minutes=1)
    start = now.strftime("%Y-%m-%dT%H:%M")
    assert run("--device", "cam1", "--timezone", "UTC", "--from", start, "--to", "2099-01-01") == 2
    assert "no whole hour has passed since" in capsys.readouterr().err
    assert run("--device", "cam1", "--timezone", "Mars/Base") == 1
    assert "no time zone 'Mars/Base'" in capsys.readouterr().err


def test_a_refusal_is_one_sentence_and_what_is_broken_is_counted(store, capsys):
    store.put(key_of("cam1", hour_ago(3), 1), b"rubbish")
    assert run("--device", "cam1", "--no-film") == 0
    assert "1 photo could not be read; the index says why" in capsys.readouterr().out
    store.refusal = (403, "AccessDenied")
    assert run("--device", "cam1") == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "AccessDenied" in said


def test_labels_come_from_the_model_that_is_named_within_the_calls_of_a_month(
    store, capsys, monkeypatch
):
    monkeypatch.setenv("MEGACAM_LABELS_TOKEN", "tk_secret")
    for number in range(3):
        moment = hour_ago(3) + timedelta(minutes=number)
        store.put(key_of("cam1", moment, number), jpeg(90), motion="99")
    words = ("--device", "cam1", "--no-film", "--label-calls", "2")
    with Model() as model:
        assert run(*words, "--labels", model.url) == 0
    said = capsys.readouterr()
    assert "2 photos with labels, 2 calls of the model" in said.out
    assert "labels: the 2 calls of" in said.out + said.err
    assert model.got[0][1]["Authorization"] == "Bearer tk_secret"
    assert "tk_secret" not in said.out + said.err
    assert run(*words, "--labels", "http://example.org/") == 1
    assert "must be rekognition or begin with https://" in capsys.readouterr().err
