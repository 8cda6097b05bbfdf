"""The commands cost and status as users run them: output, JSON, exit codes."""

import json
from datetime import datetime, timedelta, timezone

import pytest
from megacam.commands import status

pytest_plugins = ("local_aws", "role_aliases", "cloud_user")


def test_cost_is_the_same_in_words_and_data(user, monkeypatch):
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    out = user.types("cost --interval 30 --size 200")
    assert "86,400 PUT" in out
    assert "0.43" in out
    assert "17 GB, 30 days kept" in out
    assert "0.40" in out
    found = user.data("cost --interval 30 --size 200")
    assert round(found["total_usd"], 2) == 0.83
    assert [one["usage"]["interval_s"] for one in found["compared"]][:3] == [10, 30, 60]


def test_cost_takes_the_interval_of_config_json(user, tmp_path):
    (tmp_path / "config.json").write_text('{"interval_s": 300}')
    assert "every 5 min" in user.types("cost")
    assert "every 1 min" in user.types("cost --interval 60")


def test_cost_takes_the_typical_size_of_config_json_s_resolution(user, tmp_path):
    config = tmp_path / "config.json"
    sizes = {}
    for resolution in ("320x240", "1600x1200", "2592x1944"):
        config.write_text(json.dumps({"camera": {"resolution": resolution}}))
        sizes[resolution] = user.data("cost")["usage"]["photo_kb"]
    # docs/unattended.md says 350 KB for the simulated camera.
    assert sizes == {"320x240": 14, "1600x1200": 350, "2592x1944": 910}
    config.write_text('{"camera": {"resolution": "1600x1200", "quality": "low"}}')
    assert user.data("cost")["usage"]["photo_kb"] == 120
    assert user.data("cost --size 99")["usage"]["photo_kb"] == 99
    config.write_text('{"camera": {"resolution": "big"}}')
    user.types("cost")
    assert (user.code, "camera.resolution is 'big'; it must be one of" in user.err) == (1, True)


@pytest.mark.parametrize("line", ["cost --compare a,b", "cost --interval x", "cost --hours"])
def test_a_wrong_command_line_is_2(user, line):
    user.types(line)
    assert user.code == 2


def test_a_number_out_of_range_or_an_unknown_region_is_1(user):
    user.types("cost --hours 30")
    assert (user.code, user.err) == (1, "megacam: hours_day is 30; it must be 0.1 to 24\n")
    for zero, name in (("interval", "interval_s"), ("size", "photo_kb")):
        user.types(f"cost --{zero} 0")
        assert (user.code, user.err.count(f"{name} is 0; it must be 1 to")) == (1, 1)
    user.types("cost --region moon-1")
    assert user.code == 1


def test_status_is_1_when_a_camera_is_late(user, account):
    user.types("cloud create -d cam1 --yes")
    s3 = account.client("s3")
    now = datetime.now(timezone.utc)
    for device, age_s in (("cam1", 10), ("roof-2", 9000)):
        taken = now - timedelta(seconds=age_s)
        key = f"{device}/{taken:%Y/%m/%d/%H%M%S}-000001.jpg"
        s3.put_object(Bucket=account.bucket, Key=key, Body=b"photo")
    out = user.types("status")
    assert user.code == 1
    assert "roof-2 is late: silent" in out
    assert "2 h 30 min ago" in out
    assert "cam1 is late" not in out
    found = user.data("status --device cam1")
    assert (user.code, found[0]["late"]) == (0, False)
    assert "all cameras are on time" in user.types("status --late 999")
    assert user.code == 0


def test_status_of_another_store_needs_no_region(user, account, monkeypatch, tmp_path):
    user.types("cloud create -d cam1 --yes")
    taken = datetime.now(timezone.utc)
    key = f"cam1/{taken:%Y/%m/%d/%H%M%S}-000001.jpg"
    account.client("s3").put_object(Bucket=account.bucket, Key=key, Body=b"photo")
    for name in ("AWS_ENDPOINT_URL", "AWS_REGION"):
        monkeypatch.delenv(name)
    store = {"endpoint": account.store.endpoint, "path_style": True}
    (tmp_path / "config.json").write_text(json.dumps({"s3": store}))
    assert "all cameras are on time" in user.types("status")
    assert user.code == 0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "never"),
        (0, "0 s ago"),
        (59, "59 s ago"),
        (60, "1 min ago"),
        (3725, "1 h 2 min ago"),
        (90_000, "1 d 1 h ago"),
        (-90, "1 min 30 s ahead"),
    ],
)
def test_an_age_in_words(seconds, words):
    assert status.ago(seconds) == words
