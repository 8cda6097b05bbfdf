"""`megacam status`: what it reads from the bucket, and when a camera is late."""

import json
from datetime import datetime, timedelta, timezone

import pytest
from megacam.cloud import status
from megacam.commands import status as commands
from megacam.errors import MegacamError

pytest_plugins = "local_aws"
NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=timezone.utc)
REPORT = {
    "device": "cam1",
    "version": "0.3.0",
    "interval_s": 30,
    "boots": 4,
    "reset_cause": "power on",
    "reboots": {"watchdog": 1, "power on": 3},
    "photos": {"taken": 900, "stored": 878, "damaged": 1, "thinned": 4, "lost": 2},
    "spool": {"photos": 15, "bytes": 1_200_000},
    "clock_error_ms": -12,
    "rssi_dbm": [-70, -64],
    "heap_free_low": 9_100,
    "heap_largest": 2_048,
    "uptime_s": 86_400,
    "errors": [{"time": 1, "text": "old"}, {"time": 2, "text": "503 SlowDown"}],
}


@pytest.fixture
def camera(account):
    """Return put(device, age_s, report_age_s, **report), which stores a photo and a report."""
    s3 = account.client("s3")
    s3.create_bucket(
        Bucket=account.bucket,
        CreateBucketConfiguration={"LocationConstraint": account.aws.region},
    )

    def put(device, age_s=None, report_age_s=None, **report):
        if age_s is not None:
            taken = NOW - timedelta(seconds=age_s)
            key = f"{device}/{taken:%Y/%m/%d/%H%M%S}-000042.jpg"
            s3.put_object(Bucket=account.bucket, Key=key, Body=b"photo")
        if report_age_s is not None:
            said = {**REPORT, "time": int(NOW.timestamp()) - report_age_s, **report}
            body = json.dumps(said).encode()
            s3.put_object(Bucket=account.bucket, Key=f"{device}/status.json", Body=body)

    return put


def _read(account, **wanted):
    return {one.name: one for one in status.read(account.aws, account.bucket, now=NOW, **wanted)}


def test_every_camera_is_found_with_its_newest_photo_and_report(account, camera):
    camera("cam1", 5000)
    camera("cam1", 12, 60)
    camera("roof-2", 3)
    found = _read(account)
    assert list(found) == ["cam1", "roof-2"]
    cam = found["cam1"]
    assert cam.photo_age_s == 12
    assert cam.photo_key == "cam1/2026/11/23/115948-000042.jpg"
    assert not cam.late
    assert (cam.backlog_photos, cam.backlog_bytes) == (15, 1_200_000)
    assert (cam.reboots.total, cam.reboots.causes) == (4, {"watchdog": 1, "power on": 3})
    assert (cam.rssi_dbm, cam.version, cam.error) == (-64, "0.3.0", "503 SlowDown")
    assert (cam.thinned, cam.damaged, cam.lost, cam.heap_free_low) == (4, 1, 2, 9_100)
    assert cam.heap_largest == 2_048
    assert found["roof-2"].reboots is None and found["roof-2"].heap_largest is None
    assert not found["roof-2"].late


@pytest.mark.parametrize(
    ("age_s", "interval_s", "late"),
    [(299, 30, False), (301, 30, True), (1799, 600, False), (1801, 600, True)],
)
def test_late_is_three_intervals_and_five_minutes_at_least(
    account, camera, age_s, interval_s, late
):
    camera("cam1", age_s, 0, interval_s=interval_s)
    assert _read(account)["cam1"].late is late


@pytest.mark.parametrize(("age_s", "late"), [(3 * 3600 - 9, False), (3 * 3600 + 9, True)])
def test_a_camera_that_waits_for_motion_is_late_after_three_keepalives(
    account, camera, age_s, late
):
    camera("cam1", age_s, 0, interval_s=30, keepalive_s=3600)
    assert _read(account)["cam1"].late is late


BY_DAY = {
    "hours": ["08:00-18:00"],
    "weekdays": ["mon", "tue", "wed", "thu", "fri"],
    "timezone": "CET-1CEST,M3.5.0,M10.5.0/3",
}


@pytest.mark.parametrize(
    ("photo", "now", "late"),
    [
        ("2026-11-23T16:59:40", "2026-11-24T02:30", False),  # asleep by night
        ("2026-11-23T16:59:40", "2026-11-24T07:04", False),  # the day has just begun
        ("2026-11-23T16:59:40", "2026-11-24T07:06", True),
        ("2026-11-23T15:00:00", "2026-11-24T02:30", True),  # gone by day, and still at night
        ("2026-11-27T16:59:40", "2026-11-29T12:00", False),  # a week-end
        ("2026-11-27T16:59:40", "2026-11-30T07:06", True),
    ],
)
def test_outside_of_its_schedule_no_camera_is_late(account, camera, photo, now, late):
    moment = datetime.fromisoformat(now).replace(tzinfo=timezone.utc)
    taken = datetime.fromisoformat(photo).replace(tzinfo=timezone.utc)
    camera("cam1", (NOW - taken).total_seconds(), int((NOW - taken).total_seconds()),
           schedule=BY_DAY)  # fmt: skip
    [found] = status.read(account.aws, account.bucket, now=moment)
    assert found.late is late
    # A limit that was asked for holds at any hour.
    [found] = status.read(account.aws, account.bucket, late_after_s=60, now=moment)
    assert found.late


@pytest.mark.parametrize(
    ("sleeps", "minutes", "late"), [(True, 22, False), (True, 24, True), (False, 22, True)]
)
def test_a_camera_that_sleeps_may_wake_late(account, camera, sleeps, minutes, late):
    # Its clock is off by up to 5 % of six hours of sleep: 18 minutes beside the usual five.
    schedule = {"hours": ["06:00-06:01", "12:00-23:00"]}
    camera("cam1", 21_600, 21_600, sleeps=sleeps, interval_s=600, schedule=schedule)
    moment = NOW + timedelta(minutes=minutes)
    [found] = status.read(account.aws, account.bucket, now=moment)
    assert found.late is late


def test_without_a_report_an_hour_is_late(account, camera):
    camera("cam1", 3500)
    camera("cam2", 3700)
    found = _read(account)
    assert (found["cam1"].late, found["cam2"].late) == (False, True)


def test_the_limit_can_be_given(account, camera):
    camera("cam1", 100, 0)
    assert _read(account, late_after_s=60)["cam1"].late
    assert not _read(account, late_after_s=6000)["cam1"].late


def test_a_camera_that_reports_but_takes_no_photos_differs_from_a_silent_one(account, camera):
    camera("cam1", 4000, 20)
    camera("cam2", 4000, 3990)
    camera("cam3", None, 10)
    found = _read(account)
    assert "reports, but no new photo" in found["cam1"].remark
    assert "silent" in found["cam2"].remark
    assert (found["cam3"].remark, found["cam3"].late) == ("no photo yet", True)


def test_a_photo_of_last_year_is_still_the_newest(account, camera):
    camera("cam1", 400 * 86_400)
    found = _read(account)["cam1"]
    assert found.photo_age_s == 400 * 86_400
    assert found.late


def test_a_photo_of_the_future_does_not_pass_for_a_camera_on_time(account, camera):
    camera("cam1", -20)
    camera("cam2", -40_000, 5)
    found = _read(account)
    assert not found["cam1"].late
    assert found["cam2"].late
    assert "from the future" in found["cam2"].remark


def test_other_folders_are_no_cameras(account, camera):
    camera("cam1", 5, 5)
    for key in ("letters/will.pdf", "cam1.txt", "backup/2026/x.jpg"):
        account.client("s3").put_object(Bucket=account.bucket, Key=key, Body=b"mine")
    assert list(_read(account)) == ["cam1"]


def test_a_camera_that_is_asked_for_and_not_there_is_late_not_left_out(account, camera):
    camera("cam1", 5, 5)
    found = _read(account, devices=["cam1", "cam9"])
    assert found["cam9"].late
    assert found["cam9"].remark == "no photo yet"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b'{"interval_s": "soon", "spool": 3, "reboots": [], "rssi_dbm": {}, "errors": "no"}',
        b'{"errors": ["x"], "reboots": {"wdt": "many"}, "rssi_dbm": [], "time": 1e400}',
        b'{"version": 7, "interval_s": true, "photos": null, "clock_error_ms": "1"}',
        b'{"interval_s": Infinity, "time": NaN, "version": null}',
        b"\xff" * 2000,
    ],
    ids=["empty", "text", "list", "types", "more types", "numbers", "infinite", "bytes"],
)
def test_a_report_of_nonsense_is_no_crash(account, camera, body):
    camera("cam1", 10)
    account.client("s3").put_object(Bucket=account.bucket, Key="cam1/status.json", Body=body)
    found = _read(account)["cam1"]
    assert found.photo_age_s == 10
    assert found.interval_s is None
    assert found.version == ""


def test_a_heap_that_has_grown_and_a_block_that_is_not_known(account, camera):
    camera("cam1", 10, 10, heap_free_low=-4_000, heap_largest=None)
    found = _read(account)["cam1"]
    assert (found.heap_free_low, found.heap_largest) == (-4_000, None)


def test_a_trial_and_a_way_back_are_remarks(account, camera):
    camera("cam1", 60, 60, update={"slot": "b", "trial": True, "back": None})
    camera("cam2", 60, 60, update={"slot": "a", "trial": False, "back": "three starts"})
    camera("cam3", 60, 60, update={"slot": 7, "trial": 1, "back": []})
    trial, back, nonsense = _read(account).values()
    usual = commands._remarks(nonsense)
    assert commands._remarks(trial) == [*usual, "new files are on trial, in slot b"]
    assert commands._remarks(back) == [*usual, "went back to its files before: three starts"]
    assert (nonsense.slot, nonsense.trial, nonsense.back) == ("", False, "")


def test_control_characters_of_a_device_do_not_reach_the_terminal(account, camera):
    camera("cam1", 10, 10, version="1\x1b[2J", errors=[{"text": "a\r\nb\x07"}])
    found = _read(account)["cam1"]
    assert "\x1b" not in found.version
    assert found.error.isprintable()


def test_an_empty_bucket_and_a_missing_one_are_explained(account, camera):
    with pytest.raises(MegacamError, match=r"holds no photos and no status\.json yet"):
        status.read(account.aws, account.bucket)
    with pytest.raises(MegacamError, match="there is no bucket nobodys-photos"):
        status.read(account.aws, "nobodys-photos")
