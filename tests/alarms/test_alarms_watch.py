"""`megacam watch` as a user runs it, and the loop of alarms/watch.py through outages."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime, timezone
from pathlib import Path

import pytest
from alarms.conftest import NOON, SECRET, Camera
from command import megacam
from megacam.alarms import homeassistant
from megacam.alarms.look import Aim
from megacam.alarms.state import FileBox
from megacam.alarms.watch import Watch
from megacam.gallery.refusals import BucketError
from servers.mosquitto import HomeAssistant, Mosquitto, needs_mosquitto

pytest_plugins = "local_aws"
TOOLS = Path(__file__).parents[2] / "tools"


@pytest.fixture
def folder(camera, receiver, tmp_path):
    """Return a folder with an alarms.json, for a camera that stopped half an hour ago."""
    now = int(time.time())
    camera.photo(now - 1800)
    camera.report(now - 1800)
    text = json.dumps({"webhook": {"url": f"{receiver.url}/{SECRET}", "token": SECRET}})
    (tmp_path / "alarms.json").write_text(text)
    (tmp_path / "alarms.json").chmod(0o600)
    return tmp_path


def _words(camera, *words):
    place = ["--bucket", camera.account.bucket, "--region", camera.account.aws.region]
    return ["watch", *place, *words]


def _command(camera, *words):
    return [sys.executable, "-m", "megacam", *_words(camera, *words)]


def _run(camera, folder, *words, env=None):
    return megacam(*_words(camera, *words), cwd=folder, **(env or {}))


def test_once_tells_an_event_in_one_line_and_only_once(camera, folder, receiver):
    first = _run(camera, folder, "--once")
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.count("\n") == 1 and " cam1 late: no photo for 30 min" in first.stdout
    second = _run(camera, folder, "--once")
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert [body["kind"] for _, _, body, _ in receiver.got] == ["late"]


def test_a_watcher_without_senders_takes_no_event_from_one_that_has(camera, folder, receiver):
    quiet = _run(camera, folder, "--once", "--alarms", "none.json", env={"MEGACAM_ALARMS": "{}"})
    assert (quiet.returncode, quiet.stderr) == (
        1,
        "megacam: cannot read none.json: No such file or directory\n",
    )
    (folder / "none.json").touch(0o600)
    (folder / "none.json").write_text("{}")
    shown = _run(camera, folder, "--once", "--alarms", "none.json")
    assert (shown.returncode, shown.stderr) == (0, "") and " cam1 late: " in shown.stdout
    _run(camera, folder, "--once")
    assert len(receiver.got) == 1


@needs_mosquitto
def test_once_tells_home_assistant_and_leaves_the_camera_available(
    camera, folder, receiver, tmp_path
):
    topics = homeassistant.Topics(camera.account.bucket)
    (tmp_path / "broker").mkdir()
    with Mosquitto(tmp_path / "broker") as broker:
        done = _run(camera, folder, "--once", "--mqtt", f"localhost:{broker.port}")
        assert (done.returncode, done.stderr) == (0, "")
        with HomeAssistant(broker.port) as home:
            home.reach(*(topics.discovery("cam1"), topics.state("cam1"), topics.availability))
            assert home.got[topics.availability] == "online"
            assert json.loads(home.got[topics.state("cam1")])["problem"] == "ON"
            described = json.loads(home.got[topics.discovery("cam1")])
            assert described["components"]["age"]["expire_after"] == 3 * 3600
    assert [body["kind"] for _, _, body, _ in receiver.got] == ["late"]


def test_once_without_the_broker_still_tells_everybody_else(camera, folder, receiver):
    done = _run(camera, folder, "--once", "--mqtt", "localhost:1")
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert "Home Assistant was not told: the MQTT broker localhost:1 cannot be" in done.stderr
    assert [body["kind"] for _, _, body, _ in receiver.got] == ["late"]


@needs_mosquitto
def test_once_for_home_assistant_alone_remembers_in_the_bucket_and_takes_no_event(
    camera, folder, receiver, tmp_path
):
    (folder / "alarms.json").rename(folder / "senders.json")
    (tmp_path / "broker").mkdir()
    with Mosquitto(tmp_path / "broker") as broker:
        for expected in (1, 0):  # the second look knows of it
            done = _run(camera, folder, "--once", "--mqtt", f"localhost:{broker.port}")
            assert (done.returncode, done.stdout.count("cam1 late:")) == (0, expected)
    assert "cam1/_digest/home.json" in camera.account.object_keys()
    _run(camera, folder, "--once", "--alarms", "senders.json")
    assert [body["kind"] for _, _, body, _ in receiver.got] == ["late"]


def test_once_with_a_sender_that_fails_exits_1_without_a_secret(camera, folder, receiver):
    receiver.statuses = [401]
    done = _run(camera, folder, "--once")
    assert done.returncode == 1 and "answered 401: check its token" in done.stderr
    assert SECRET not in done.stdout + done.stderr


def test_the_environment_can_hold_the_file(camera, folder, receiver):
    text = (folder / "alarms.json").read_text()
    (folder / "alarms.json").unlink()
    done = _run(camera, folder, "--once", "--state", "here", env={"MEGACAM_ALARMS": text})
    assert (done.returncode, done.stderr) == (0, "")
    assert len(receiver.got) == 1 and (folder / "here" / "cam1.json").exists()


def test_a_test_message_goes_to_every_sender(camera, folder, receiver):
    done = _run(camera, folder, "--test")
    assert (done.returncode, done.stderr) == (0, "") and "webhook: sent" in done.stdout
    [(_, headers, body, _)] = receiver.got
    assert (body["kind"], body["title"]) == ("test", "cam1: test message")
    assert "X-Amz-Signature" in body["link"] and headers["Authorization"].endswith(SECRET)
    receiver.statuses = [404]
    done = _run(camera, folder, "--test")
    assert done.returncode == 1 and "answered 404: check its address" in done.stdout
    (folder / "alarms.json").write_text("{}")
    done = _run(camera, folder, "--test")
    assert done.returncode == 2 and "names no sender" in done.stderr


def test_a_test_message_goes_in_the_quiet_hours_too(camera, folder, receiver):
    chosen = json.loads((folder / "alarms.json").read_text())
    (folder / "alarms.json").write_text(json.dumps({**chosen, "quiet": "00:00-24:00"}))
    assert _run(camera, folder, "--once").returncode == 0
    assert receiver.got == []
    assert _run(camera, folder, "--test").returncode == 0
    assert [body["kind"] for _, _, body, _ in receiver.got] == ["test"]


@pytest.mark.skipif(os.name != "posix", reason="Windows has other permissions")
def test_a_file_that_others_can_read_is_refused_with_the_remedy(camera, folder, receiver):
    (folder / "alarms.json").chmod(0o640)
    done = _run(camera, folder, "--once")
    assert (done.returncode, receiver.got) == (1, [])
    assert "run `chmod 600 alarms.json`" in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_runs_until_it_is_told_to_stop_and_ends_cleanly(camera, folder, receiver, number):
    process = subprocess.Popen(
        _command(camera, "--every", "0.1"),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(TOOLS), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    lines = [process.stdout.readline(), process.stdout.readline()]
    process.send_signal(number)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out, err) == (0, "", "")
    assert "Ctrl-C ends it" in lines[0] and " cam1 late: " in lines[1]
    assert len(receiver.got) == 1


@needs_mosquitto
def test_home_assistant_hears_of_it_and_of_its_end(camera, folder, receiver, tmp_path):
    topics = homeassistant.Topics(camera.account.bucket)
    (tmp_path / "broker").mkdir()
    with Mosquitto(tmp_path / "broker") as broker, HomeAssistant(broker.port) as home:
        for number, ends in ((signal.SIGTERM, "offline"), (signal.SIGKILL, "offline")):
            process = subprocess.Popen(
                _command(camera, "--mqtt", f"localhost:{broker.port}"),
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(TOOLS)},
                stdout=subprocess.DEVNULL,
            )
            try:
                link = home.wait(topics.image("cam1"))
                assert "X-Amz-Signature" in link and "-000042.jpg" in link
                home.reach(topics.state("cam1"), topics.discovery("cam1"))
                assert json.loads(home.got[topics.state("cam1")])["problem"] == "ON"
                assert home.got[topics.availability] == "online"
                process.send_signal(number)
                process.wait(120)
            finally:
                process.kill()
            # The last will of a process that was killed says the same as one that ends.
            home.wait(topics.availability, ends)


class _Lines(list):
    def __call__(self, kind, text):
        self.append((kind, text))


def _watch(camera, folder, **more):
    return Watch(
        Aim(camera.source),
        lambda device: FileBox(folder, device),
        _Lines(),
        clock=lambda: camera.now,
        **more,
    )


def test_an_outage_is_one_line_and_no_alarm(camera, tmp_path):
    camera.photo(NOON - 10)
    camera.report(NOON - 60)
    watch = _watch(camera, tmp_path)
    list(watch.once())
    real = watch.aim.source.devices

    def away():
        raise BucketError("the store cannot be reached")

    watch.aim.source.devices = away
    for minute in range(0, 60, 5):
        camera.now = NOON + minute * 60
        assert list(watch.once()) == [None]
    watch.aim.source.devices = real
    camera.photo(camera.now - 10)
    list(watch.once())
    assert watch.say == [
        ("fault", "the store cannot be reached"),
        ("note", "the store answers again"),
    ]


def test_all_cameras_are_watched_each_with_its_own_state(camera, account, tmp_path):
    other = Camera(account, "roof")
    other.photo(NOON - 900)
    other.report(NOON - 900)
    camera.photo(NOON - 10)
    camera.s3.put_object(Bucket=account.bucket, Key="_site/index.html", Body=b"x")
    watch = _watch(camera, tmp_path)
    found = {one.seen.device: list(one.problems) for one in watch.once()}
    assert found == {"cam1": [], "roof": ["late"]}
    assert [text[:10] for _, text in watch.say] == ["roof late:"]
    assert [one.seen.device for one in _watch(camera, tmp_path, devices=("cam1",)).once()] == [
        "cam1"
    ]


def test_a_camera_that_is_named_but_stores_nothing_is_said_once(camera, account, tmp_path):
    camera.photo(NOON - 10)
    watch = _watch(camera, tmp_path, devices=("cam1", "caml"))
    for _ in range(3):
        list(watch.once())
    said = "nothing is stored under caml/ yet; the cameras here are: cam1"
    assert watch.say == [("fault", said)]
    late = Camera(account, "caml")
    late.photo(NOON - 900)
    late.report(NOON - 900)
    list(watch.once())
    assert [text[:10] for _, text in watch.say[1:]] == ["caml late:"], "it may start later"


def test_once_says_that_nothing_is_stored_and_keeps_no_state_of_it(camera, folder, receiver):
    for _ in range(2):
        done = _run(camera, folder, "--once", "--device", "caml")
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (0, "", 1)
        assert "nothing is stored under caml/ yet; the cameras here are: cam1\n" in done.stderr
    assert not any(key.startswith("caml/") for key in camera.account.object_keys())


def test_a_link_is_the_same_until_half_its_time_is_over_or_there_is_a_new_photo(camera, tmp_path):
    class Home:
        links = ()

        def publish(self, found, link, now, expire_s):
            self.links += (link,)

    camera.photo(NOON - 10)
    watch = _watch(camera, tmp_path, publisher=Home())
    for later_s in (0, 300, 11 * 3600, 13 * 3600):
        camera.now = NOON + later_s
        watch.aim.source.now = lambda: datetime.fromtimestamp(camera.now, timezone.utc)
        list(watch.once())
    camera.photo(camera.now - 10)
    list(watch.once())
    first, second, third, fourth, fifth = watch.publisher.links
    assert first == second == third
    assert "/113" not in fourth and fourth.partition("?")[0] == first.partition("?")[0]
    assert fifth.partition("?")[0] != first.partition("?")[0]


def test_the_loop_ends_between_two_cameras(camera, account, tmp_path):
    for name in ("cam1", "cam2", "cam3"):
        Camera(account, name).photo(NOON - 10)
    stop = threading.Event()
    watch = _watch(camera, tmp_path, every_s=3600)
    looked = []

    class Home:
        def publish(self, found, link, now, expire_s):
            looked.append(found.seen.device)
            stop.set()

    watch.publisher = Home()
    watch.run(stop)
    assert looked == ["cam1"]
