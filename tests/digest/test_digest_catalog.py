"""days.json: every day with a digest is listed, whatever was killed, deleted or damaged."""

import json
from datetime import date, timedelta

import pytest
from digest_rig import NOW, digest, fill, killed, read
from gallery_wire import BUCKET, WireS3, at, jpeg, key_of
from megacam.digest import catalog
from megacam.gallery.bucket import Bucket
from megacam.gallery.digests import Digests
from megacam.gallery.thumbnails import Thumbnails

pytest_plugins = "wire_store"

LIST = "cam1/_digest/days.json"
NOON = at("2026-11-23T12:00")


def test_each_day_is_listed_once_and_a_repeated_run_does_not_ask(s3):
    fill(s3, NOON - timedelta(days=1), 1)
    fill(s3, NOON, 1, first=10)
    digest(s3, days=2)
    assert read(s3, LIST) == {
        "format": 1, "device": "cam1", "days": ["2026-11-22", "2026-11-23"],
    }  # fmt: skip
    s3.asked.clear()
    s3.put(key_of("cam1", NOON + timedelta(minutes=5), 20), jpeg(99))
    digest(s3, days=2)
    assert not [line for line in s3.asked if "days.json" in line]


def test_days_whose_photos_have_expired_are_no_longer_listed(s3):
    old = fill(s3, NOON - timedelta(days=1), 1)
    digest(s3, now=NOON, days=3)
    assert read(s3, LIST)["days"] == ["2026-11-22"]
    del s3.objects[old[0]]
    fill(s3, NOON, 1, first=10)
    digest(s3, days=1)
    assert read(s3, LIST)["days"] == ["2026-11-23"]


@pytest.mark.parametrize("there", [None, b"rubbish", b'{"format":1,"days":["soon"]}', b"[]"])
def test_a_list_that_is_missing_or_damaged_is_made_from_the_indexes(s3, there):
    fill(s3, NOON - timedelta(days=1), 1)
    digest(s3, now=NOON, days=3)
    del s3.objects[LIST]
    if there:
        s3.put(LIST, there)
    fill(s3, NOON, 1, first=10)
    digest(s3, days=1)
    assert read(s3, LIST)["days"] == ["2026-11-22", "2026-11-23"]


def test_a_run_killed_at_any_request_leaves_no_day_that_is_not_listed():
    with WireS3() as s3:
        fill(s3, NOON, 1)
        joined = 0
        for _ in killed(s3, lambda client: digest(s3, client=client)):
            if "cam1/_digest/2026/11/23/day.json" in s3.objects:
                assert read(s3, LIST)["days"] == ["2026-11-23"]
                joined += 1
    assert joined


@pytest.mark.parametrize(
    "data",
    [{}, {"format": 2, "days": []}, {"format": 1, "days": {}}, {"format": 1, "days": [7]},
     {"format": 1, "days": ["2026-13-01"]}, {"format": 1, "days": ["2026-11-23\n"]},
     {"format": 1, "days": ["2026-11-23"] * 40_000}],
    ids=lambda value: json.dumps(value)[:30],
)  # fmt: skip
def test_a_list_is_untrusted(data):
    assert catalog.parse(data) is None


def test_the_gallery_knows_with_one_request_which_days_have_a_digest(s3, tmp_path):
    fill(s3, NOON, 1)
    digest(s3)
    bucket = Bucket(s3.client(), BUCKET, lambda: NOW)
    digests = Digests(bucket, Thumbnails(bucket, tmp_path))
    s3.asked.clear()
    for _ in range(3):
        assert digests.days("cam1") == {date(2026, 11, 23)}
    assert len(s3.asked) == 1
    assert digests.days("cam2") is None
