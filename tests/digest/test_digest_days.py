"""Days are those of the camera's time zone, also where clocks change or hours are halves."""

import io
import json
from datetime import date, timedelta

import pytest
from digest_rig import UTC, digest, fill, read
from gallery_wire import BUCKET, WireS3, at, jpeg, key_of
from megacam.digest import day as day_parts
from megacam.digest import zones
from megacam.digest.day import Calendar
from megacam.digest.index import Row
from megacam.digest.store import Store
from megacam.gallery import photos
from PIL import Image

DAY = "cam1/_digest/2026/11/23/day.json"
POSIX = {"Europe/Berlin": "CET-1CEST,M3.5.0,M10.5.0/3", "Asia/Kathmandu": "<+0545>-5:45"}


@pytest.mark.parametrize(
    ("name", "day", "hours", "width", "offsets"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23, 2760, [[0, 3600], [7200, 7200]]),
        ("Europe/Berlin", date(2026, 10, 25), 25, 3000, [[0, 7200], [10800, 3600]]),
        ("Asia/Kathmandu", date(2026, 11, 23), 25, 2880, [[0, 20700]]),
    ],
)
def test_a_day_has_the_photos_between_its_midnights(name, day, hours, width, offsets):
    calendar = Calendar(zones.zone_of(POSIX[name]), POSIX[name])
    start, end = calendar.empty("cam1", day).start, calendar.empty("cam1", day).end
    with WireS3() as s3:
        for number in range(-8, 30 * 4):
            moment = start + timedelta(minutes=15 * number)
            s3.put(key_of("cam1", moment, number + 8), jpeg(160 if number >= 0 else 60))
        digest(s3, now=end + timedelta(hours=6), days=2, calendar=calendar)
        index = read(s3, f"cam1/_digest/{day:%Y/%m/%d}/day.json")
        assert len(index["hours"]) == hours
        assert index["offsets"] == [[start.timestamp() + at_s, east_s] for at_s, east_s in offsets]
        assert index["keogram"]
        found, _ = day_parts.read(_store(s3), "cam1", calendar, day)
        assert len(found.rows()) == (end - start) / timedelta(minutes=15)
        assert found.rows()[0].photo.taken == start
        strip = Image.open(io.BytesIO(s3.objects[index["keogram"]["key"]][0]))
        assert strip.width == width
        # The first photo, at midnight, is at the left edge, and nothing of the day before.
        assert strip.getpixel((1, 3))[0] > 140


def _store(s3):
    return Store(s3.client(), BUCKET)


@pytest.mark.parametrize("way", ["zone", "rubbish", "part"])
def test_a_day_that_is_discarded_is_joined_of_all_its_hours(way):
    with WireS3() as s3:
        fill(s3, at("2026-11-22T00:00"), 96, 1800)
        digest(s3, now=at("2026-11-24T00:05"), days=2)
        assert len(read(s3, DAY)["photos"]) == 48
        calendar = UTC
        if way == "zone":
            calendar = Calendar(zones.zone_of(POSIX["Europe/Berlin"]), POSIX["Europe/Berlin"])
        elif way == "rubbish":
            s3.put(DAY, b"rubbish")
        else:
            s3.put(DAY, json.dumps({**read(s3, DAY), "photos": 7}).encode())
        digest(s3, now=at("2026-11-25T12:05"), days=2, calendar=calendar)
        day = read(s3, DAY)
        assert (day["zone"], len(day["photos"]), day["over"]) == (calendar.name, 48, True)
        strip = Image.open(io.BytesIO(s3.objects[day["keogram"]["key"]][0]))
        assert strip.getpixel((60, 3)) != (96, 96, 96), "the hours before the span are there"
        before = dict(s3.objects)
        digest(s3, now=at("2026-11-25T12:05"), days=2, calendar=calendar)
        assert s3.objects == before


def test_a_day_that_goes_on_and_is_discarded_is_written_without_a_new_photo():
    with WireS3() as s3:
        fill(s3, at("2026-11-23T00:00"), 20, 1800)
        digest(s3, now=at("2026-11-23T12:05"))
        s3.put(DAY, b"rubbish")
        digest(s3, now=at("2026-11-23T12:10"))
        assert len(read(s3, DAY)["photos"]) == 20


def test_hours_without_photos_are_found_also_if_the_day_is_discarded():
    with WireS3() as s3:
        keys = fill(s3, at("2026-11-23T00:00"), 48, 1800)
        digest(s3)
        s3.put(DAY, b"rubbish")
        for key in keys[24:]:
            del s3.objects[key]
        digest(s3, now=at("2026-11-24T12:05"))
        assert len(read(s3, DAY)["photos"]) == 24


def test_gaps_of_a_day_end_where_its_last_hour_ended():
    with WireS3() as s3:
        fill(s3, at("2026-11-23T10:00"), 60, 60)
        fill(s3, at("2026-11-23T11:30"), 30, 60, first=100)
        digest(s3, now=at("2026-11-23T12:05"))
        day = read(s3, "cam1/_digest/2026/11/23/day.json")
        strip = Image.open(io.BytesIO(s3.objects[day["keogram"]["key"]][0]))
    gaps, gray = day["gaps"], (96, 96, 96)
    assert strip.getpixel((120 * 10 - 5, 3)) == gray
    assert strip.getpixel((120 * 11 + 10, 3)) == gray
    assert strip.getpixel((120 * 10 + 5, 3)) != gray != strip.getpixel((120 * 11 + 70, 3))
    assert [(one["start"][11:16], one["end"][11:16]) for one in gaps] == [
        ("00:00", "10:00"),
        ("10:59", "11:30"),
    ]


def test_moments_are_the_photos_that_differ_most_and_lie_apart():
    def row(minute, change, moved=False, cell=0):
        key = key_of("cam1", at("2026-11-23T12:00") + timedelta(minutes=minute), minute)
        return Row(photos.parse(key), cell, change, moved)

    rows = [row(n, 0.5 + n / 1000) for n in range(5)]  # one visit, five photos
    rows += [row(20, 0.01), row(40, 0.02, moved=True), row(50, 0.0), row(60, 0.9, cell=None)]
    chosen = day_parts.choose_moments(rows)
    assert [key[-10:] for key in chosen] == ["000004.jpg", "000020.jpg", "000040.jpg"]
    many = [row(6 * n, 0.1) for n in range(30)]
    assert len(day_parts.choose_moments(many)) == 12
