"""The board's health report: its entries, and how `megacam status` and the gallery read it."""

import dataclasses
import hashlib
import json
import re
from datetime import datetime, timezone

import pytest
from app_rig import BARN, DEVICE, NOON, board, files, run
from megacam import settings
from megacam.alarms.seen import see
from megacam.board import tree
from megacam.cloud import status
from megacam.gallery import health, photos

DENIED = ("AccessDenied", 403, "fatal", {"says": 'allow "s3:PutObject"\\n on C:\\ \u00e4\u4e2d'})
_REPORT = """
a.tasks = {"status": 0}
after_s = call("tasks.status", "do", a)
tell("status", after_s=after_s)
"""
# A camera with a bit of every kind of event in its past.
_PAST = f"""
a = app(script=[None, ("body", 0, "retry", {{"body": 9}}), None, {DENIED!r}])
a.tasks = {{"link": 0}}
a.work()
shoot(a, 3)
a.camera.failures = [ValueError("the camera is away")]
shoot(a)
a.uploader.pause_until_s = 0
"""


@pytest.fixture(scope="module")
def sent(tmp_path_factory):
    """Return (Told, the report, its "put" event) of a camera with the events of _PAST."""
    with board(tmp_path_factory.mktemp("status")) as camera:
        camera.world.cause = 3
        told = run(camera, _PAST + _REPORT + "report(a)")
    put = told.all("put")[-1]
    return told, json.loads(put["text"]), put


def test_the_report_is_overwritten_under_the_devices_own_key(sent):
    told, _, put = sent
    assert (put["key"], put["kind"]) == (f"{DEVICE}/status.json", "application/json")
    assert told.all("status")[0]["after_s"] == 15 * 60
    assert told.end["counters"]["requests"] == len(told.all("put"))


def test_it_has_exactly_the_entries_that_are_documented(sent):
    _, said, _ = sent
    text = (tree.root() / "docs" / "unattended.md").read_text()
    table = text.split("## Health report")[1].split("## ")[0]
    rows = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    assert set(said) == {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert set(said["photos"]) == {
        *("taken", "stored", "damaged", "refused", "thinned", "missed", "lost"),
        *("gated", "triggered"),
    }
    assert set(said["spool"]) == {"photos", "bytes", "written_kb"}
    assert set(said["today"]) == {"requests", "sent_kb"}
    assert all(set(error) == {"time", "text"} for error in said["errors"])


def test_what_it_says_is_so(sent):
    told, said, put = sent
    shots = told.all("shot")
    assert said["device"] == DEVICE and said["version"] == settings.firmware_version()
    assert said["config"] == hashlib.sha256(files()["config.json"]).hexdigest()[:8]
    assert (said["interval_s"], said["keepalive_s"]) == (30, 0)
    assert abs(said["uptime_s"] - put["up_s"]) <= 1
    assert abs(said["time"] - NOON - put["up_s"]) <= 2
    assert (said["boots"], said["reset_cause"], said["reboots"]) == (
        1,
        "watchdog",
        {"watchdog": 1},
    )
    # One upload failed and the photo was taken again; one shot failed.
    assert len(shots) == 5
    assert said["photos"] == {
        "taken": 4, "stored": 2, "damaged": 0, "refused": 0, "thinned": 0, "missed": 1, "lost": 1,
        "gated": 0, "triggered": 0,
    }  # fmt: skip
    assert said["spool"]["photos"] == 1 and 3000 <= said["spool"]["bytes"] + 1023 < 5000
    assert said["today"] == {"requests": 4, "sent_kb": 6}
    assert said["rssi_dbm"] == [BARN["rssi"]]
    assert 0 < said["heap_free_low"] < 1 << 20
    assert 20 <= said["clock_error_ms"] < 100
    texts = [error["text"] for error in said["errors"]]
    assert len(texts) == 4 and "s3:PutObject" in texts[2]
    assert "the camera is away" in texts[3]
    assert all(NOON <= error["time"] <= said["time"] for error in said["errors"])
    assert said["log"] == texts


def test_alarms_learn_what_to_expect(sent, tmp_path):
    _, said, _ = sent
    assert (said["safe_mode"], said["sleeps"], said["battery"]) == (False, False, None)
    assert said["schedule"] == json.loads(files()["config.json"])["schedule"]
    where = {"latitude": 52.5, "longitude": -13.25}
    config = {
        "schedule": {"hours": ["06:00-22:30"], "timezone": "CET-1CEST,M3.5.0,M10.5.0/3"},
        "power": {"deep_sleep": True, "battery_pin": 34, "divider": 2, "low_mv": 3400},
        "location": where,
    }
    config["schedule"]["daylight"] = True
    with board(tmp_path, config) as camera:
        camera.world.volts[34] = 1.85
        told = run(camera, "a = app()\na.sleeps, a.camera = True, None\n" + _REPORT)
    said = json.loads(told.all("put")[-1]["text"])
    assert (said["safe_mode"], said["sleeps"]) == (True, True)
    assert said["battery"] == {"mv": 3700, "low_mv": 3400}
    assert said["schedule"] == {**json.loads(files(config)["config.json"])["schedule"], **where}
    assert "location" not in said


def test_alarms_read_it(sent):
    _, said, _ = sent
    seen = see(DEVICE, said, NOON, NOON + 600)
    missing = [name for name, value in dataclasses.asdict(seen).items() if value in (None, "", {})]
    # No battery is measured, and nothing has gone wrong with an update.
    wanted = ["battery_mv", "low_mv", "back", "update_refused"]
    assert missing == wanted
    assert (seen.reported, seen.period_s, seen.rssi_dbm) == (said["time"], 30, BARN["rssi"])
    assert (seen.waiting, seen.schedule) == (1, said["schedule"])
    assert "the camera is away" in seen.error and seen.error_time == said["errors"][-1]["time"]


def test_the_commands_read_it(sent):
    _, said, _ = sent
    found = status._report(said)
    assert found["reported"] == said["time"] and found["interval_s"] == 30
    assert (found["backlog_photos"], found["lost"]) == (1, 1)
    assert found["reboots"].causes == {"watchdog": 1}
    assert found["rssi_dbm"] == BARN["rssi"] and found["version"] == said["version"]
    assert "the camera is away" in found["error"]
    assert None not in [found[name] for name in ("heap_free_low", "uptime_s", "clock_error_ms")]


def test_the_gallery_reads_it(sent):
    _, said, _ = sent
    now = datetime.fromtimestamp(said["time"], timezone.utc)
    newest = photos.parse(f"{DEVICE}/2026/11/24/120000-000001.jpg")
    words = {one.subject: one.text for one in health.findings(said, newest, now)}
    assert "1 photos" in words["Backlog"] and "watchdog" in words["Reboots"]
    assert "1 lost, 1 missed of 4" in words["Losses"] and "-61 dBm" in words["Signal"]
    assert words["Clock"].startswith("accurate to") and "Memory" not in words
    assert len(health.errors(said)) == 4 and health.log(said)


def test_a_new_board_and_its_restarts_after_a_deploy_are_well(tmp_path):
    with board(tmp_path) as camera:
        run(camera, "from machine import RTC\nt = call('start.supervisor', 'start')\n"
            "t['why'] = 'config'\ncall('health.counters', 'keep', t)")  # fmt: skip
        camera.world.cause = 2
        told = run(camera, "a = app()\na.work()\n" + _REPORT + _REPORT)
    assert [put["fault"] for put in told.all("put")] == [None, None], "overwritten"
    said = json.loads(told.all("put")[-1]["text"])
    assert said["reset_cause"] == "config" and said["errors"] == [] and said["rssi_dbm"] == []
    assert 0 < said["heap_free_low"] < 1 << 20
    now = datetime.fromtimestamp(said["time"], timezone.utc)
    newest = photos.parse(f"{DEVICE}/2026/11/24/120000-000001.jpg")
    assert health.level(health.findings(said, newest, now)) == health.GOOD


def test_an_error_from_before_the_time_was_known_has_no_date(tmp_path):
    with board(tmp_path) as camera:
        told = run(
            camera, "from firmware.log import log\na = app(at=0)\nlog('E test early')\n"
            "set_time(NOON, 0)\na.uploader.is_time_known = True\n" + _REPORT
        )  # fmt: skip
    said = json.loads(told.all("put")[-1]["text"])
    assert said["errors"] == [{"time": None, "text": "E test early"}]
    assert health.errors(said) == [(None, "E test early")]


def test_nothing_is_put_where_nothing_may_be_sent(tmp_path):
    with board(tmp_path) as camera:
        for code in ("a.uploader.cap = (0, 9)", "a.uploader.pause_until_s = 99", "wifi.off()"):
            told = run(camera, f"a = app()\n{code}\n" + _REPORT)
            assert not told.all("put") and told.all("status")[0]["after_s"] == 60
        camera.world.power_on()
        told = run(camera, "a = app(at=0)\n" + _REPORT)
        assert not told.all("put")


def test_a_report_that_is_refused_is_a_warning(tmp_path):
    with board(tmp_path) as camera:
        told = run(camera, f"a = app([{DENIED!r}])\n" + _REPORT + "report(a)")
    assert told.said("W status not put") and told.end["failures"] == 0
    assert told.all("status")[0]["after_s"] == 300


@pytest.mark.parametrize("script", ["", f"[{DENIED!r}]"])
def test_reports_take_at_most_a_quarter_of_the_daily_cap(tmp_path, script):
    """With status_min 1, reports alone would use up a cap of 100 requests in 100 minutes."""
    with board(tmp_path) as camera:
        told = run(camera, f"a = app({script})\na.uploader.cap = (100, 10240)\n" + _REPORT)
    assert told.all("status")[0]["after_s"] == 86400 * 4 // 100


def test_it_names_no_network_of_the_neighbours(tmp_path):
    """The report is uploaded; the networks in range are only for the console."""
    with board(tmp_path) as camera:
        camera.world.radio.networks = [
            {"ssid": "Neighbours 24", "rssi": -50},
            {"ssid": "Doctor Who", "rssi": -70},
        ]
        told = run(
            camera,
            "a = app()\nwifi.off()\ncall('tasks.link', 'do', a)\n"
            "for piece in call('health.report', 'report', a, b''):\n    print(piece.decode())\n"
            "print('end of the report')",
        )
    start, end = told.lines.index("{"), told.lines.index("end of the report")
    said = json.loads("\n".join(told.lines[start:end]))
    assert "'Barn' not found" in said["log"][-1]
    for word in ("Neighbours", "Doctor", "seen", "-50"):
        assert word not in json.dumps(said)
    shown = told.said("I wifi seen")[-1]
    assert shown == "I wifi seen networks=\"'Neighbours 24' -50 dBm, 'Doctor Who' -70 dBm\""
