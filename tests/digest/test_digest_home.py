"""`megacam digest --mqtt`: Home Assistant hears of the camera once a run, by a real broker."""

import json
import time
from datetime import datetime, timedelta, timezone

import pytest
from alarms.homeassistant_asked import home_assistant_says
from gallery_wire import BUCKET, jpeg, key_of
from megacam import console
from megacam.alarms.homeassistant import Topics
from megacam.cli import app
from servers.mosquitto import HomeAssistant, Mosquitto, needs_mosquitto

pytest_plugins = "wire_store"
PASSWORD = "pw_never_to_be_shown"
TOPICS = Topics(BUCKET)
STATE = "cam1/_digest/home.json"


@pytest.fixture
def camera(store, monkeypatch):
    """Return the store with photos of two hours ago, and alarms.json in the environment."""
    monkeypatch.setenv(
        "MEGACAM_ALARMS", json.dumps({"mqtt": {"user": "me", "password": PASSWORD}})
    )
    hour = datetime.now(timezone.utc).replace(minute=0, second=0, microsecond=0)
    store.put(key_of("cam1", hour - timedelta(hours=2), 1), jpeg(90))
    report(store)
    return store


def report(store, **more):
    said = {"time": int(time.time()), "interval_s": 30, "rssi_dbm": [-64], "version": "0.3.0",
            "uptime_s": 900, "photos": {"refused": 0, "thinned": 0},
            "spool": {"photos": 2, "bytes": 9}, **more}  # fmt: skip
    store.put("cam1/status.json", json.dumps(said).encode())


def run(server, *words):
    return console.run(app, ["digest", "--device", "cam1", "--no-film", "--mqtt", server, *words])


@needs_mosquitto
def test_home_assistant_has_the_camera_after_a_run_and_until_three_are_missed(
    camera, tmp_path, capsys
):
    (tmp_path / "broker").mkdir()
    with Mosquitto(tmp_path / "broker", ("me", PASSWORD)) as broker:
        assert run(f"localhost:{broker.port}") == 0
        said = capsys.readouterr()
        assert "1 hour with 1 photo" in said.out and PASSWORD not in said.out + said.err
        # Home Assistant comes when the digest has ended: everything is retained.
        with HomeAssistant(broker.port, ("me", PASSWORD)) as home:
            topic, link = TOPICS.discovery("cam1"), TOPICS.image("cam1")
            home.reach(topic, TOPICS.state("cam1"), link, TOPICS.availability)
            assert home.got[TOPICS.availability] == "online", "no last will, no offline at the end"
            described = json.loads(home.got[topic])
            entities = described["components"].items()
            expiring = {name: entity.get("expire_after") for name, entity in entities}
            # An image knows no such thing; its link ends.
            assert expiring.pop("photo") is None and set(expiring.values()) == {3 * 3600}
            state = json.loads(home.got[TOPICS.state("cam1")])
            assert (state["backlog"], state["signal_dbm"], state["problem"]) == (2, -64, "ON")
            assert 3600 < state["age_s"] < 4 * 3600
            assert "X-Amz-Signature" in home.got[link] and "-000001.jpg" in home.got[link]
            assert home_assistant_says([(topic, described)]) == [[]]


@needs_mosquitto
def test_what_needs_several_reports_is_seen_over_several_runs(camera, tmp_path):
    (tmp_path / "broker").mkdir()
    now = int(time.time())
    with (
        Mosquitto(tmp_path / "broker") as broker,
        HomeAssistant(broker.port) as home,
    ):
        for waiting in (10, 20, 30, 40):
            report(camera, time=now + waiting - 100, spool={"photos": waiting, "bytes": 9})
            assert run(f"localhost:{broker.port}") == 0
            state = json.loads(home.wait(TOPICS.state("cam1")))
        problems = state["attributes"]["problems"]
        assert any("40 photos wait on the camera" in one for one in problems), problems
    kept = json.loads(camera.objects[STATE][0])
    assert "backlog" in kept["problems"] and kept["outbox"] == []
    assert "cam1/_digest/alarms.json" not in camera.objects, "that is for who sends alarms"


def test_a_broker_that_is_down_keeps_no_hour_back(camera, capsys):
    assert run("localhost:1") == 1
    said = capsys.readouterr()
    assert "1 hour with 1 photo" in said.out
    [line] = [line for line in said.out.splitlines() if "Home Assistant" in line]
    assert line.endswith(
        "Home Assistant was not told: the MQTT broker localhost:1 cannot be reached; check its "
        "address and that it runs"
    )
    assert run("localhost:1", "--json") == 1
    said = capsys.readouterr()
    assert json.loads(said.out)["mqtt"]["fault"].startswith("Home Assistant was not told: ")
    assert said.err.count("\n") == 1 and PASSWORD not in said.out + said.err


@needs_mosquitto
def test_a_wrong_password_is_one_sentence_without_it(camera, tmp_path, capsys):
    (tmp_path / "broker").mkdir()
    with Mosquitto(tmp_path / "broker", ("me", PASSWORD[:-1])) as broker:
        assert run(f"localhost:{broker.port}") == 1
    said = capsys.readouterr()
    assert "check mqtt.user and mqtt.password" in said.out and "1 hour with 1 photo" in said.out
    assert PASSWORD not in said.out + said.err


def test_a_password_in_the_address_is_refused_before_anything_is_done(camera, capsys):
    assert run(f"mqtt://me:{PASSWORD}@localhost") == 1
    said = capsys.readouterr()
    assert "user and password belong into alarms.json" in said.err
    assert PASSWORD not in said.out + said.err
    assert not [key for key in camera.objects if "/_digest/" in key]
