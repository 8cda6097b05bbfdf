"""Photos that are deleted leave nothing behind in the digest, in every hour of the span."""

from datetime import timedelta

import pytest
from digest_rig import NOW, digest, fill, killed, made, overtakings_by, read
from gallery_wire import WireS3, at, jpeg, key_of

pytest_plugins = "wire_store"

ROOT = "cam1/_digest/"
DAY = f"{ROOT}2026/11/23/day.json"
NOON = at("2026-11-23T12:00")
EMPTY = {"format": 1, "device": "cam1", "days": []}


def delete(s3, keys):
    for key in keys:
        del s3.objects[key]


def two_hours(s3):
    """Put and digest an hour at noon and one at 15:00; return the keys of both."""
    found = fill(s3, NOON, 4), fill(s3, NOON + timedelta(hours=3), 4, first=50)
    digest(s3)
    return found


def test_a_day_without_photos_leaves_only_the_list_without_it(s3):
    delete(s3, [key for hour in two_hours(s3) for key in hour])
    assert digest(s3).days_written == 1
    assert read(s3, f"{ROOT}days.json") == EMPTY
    assert list(made(s3)) == [f"{ROOT}days.json"]
    assert digest(s3).requests == {"list": 1, "get": 1}


def test_an_hour_without_photos_leaves_nothing_while_its_day_goes_on(s3):
    noon, _ = two_hours(s3)
    s3.put(f"{ROOT}2026/11/23/12/now/120000-000000.jpg", jpeg(60))
    delete(s3, noon)
    digest(s3)
    assert not [key for key in made(s3) if key.startswith(f"{ROOT}2026/11/23/12/")]
    assert len(read(s3, DAY)["photos"]) == 4
    assert read(s3, f"{ROOT}days.json")["days"] == ["2026-11-23"]


def test_the_sheet_with_a_deleted_photo_goes_at_once_wherever_a_run_is_killed():
    with WireS3() as s3:
        noon, _ = two_hours(s3)
        old = {key for key in made(s3) if "/12/" in key and key.endswith(".jpg")}
        assert len(old) == 2
        delete(s3, noon[:1])
        s3.written = {key: NOW.timestamp() - 60 for key in s3.objects}
        for _ in killed(s3, lambda client: digest(s3, client=client)):
            digest(s3)
            assert not old & set(made(s3))
            assert all(sprite["key"] in s3.objects for sprite in _sprites(s3))


def _sprites(s3):
    return [sprite for hour in read(s3, DAY)["hours"] for sprite in hour["sprites"]]


def test_a_thumbnail_of_an_hour_that_never_had_a_digest_goes_when_the_day_is_over(s3):
    fill(s3, NOON, 4)
    single = f"{ROOT}2026/11/23/13/now/130000-000009.jpg"
    s3.put(single, jpeg(60))
    digest(s3, now=NOW - timedelta(hours=3))
    fill(s3, NOON + timedelta(hours=9), 8, first=20)
    left = iter((600.0, 5.0))
    assert not digest(s3, seconds_left=lambda: next(left)).complete
    assert read(s3, DAY)["over"] and single in s3.objects
    digest(s3)
    assert read(s3, DAY)["over"] and single not in s3.objects


def test_what_is_before_the_span_stays_until_a_longer_one(s3):
    noon, later = two_hours(s3)
    delete(s3, noon + later)
    digest(s3, now=NOON + timedelta(hours=25, minutes=5))
    assert [row[0][11:13] for row in read(s3, DAY)["photos"]] == ["12"] * 4
    digest(s3, days=2)
    assert list(made(s3)) == [f"{ROOT}days.json"]


def test_a_day_that_comes_back_is_listed_again(s3):
    noon, later = two_hours(s3)
    delete(s3, noon + later)
    digest(s3)
    fill(s3, NOON, 4)
    digest(s3)
    assert read(s3, f"{ROOT}days.json")["days"] == ["2026-11-23"]
    assert len(read(s3, DAY)["photos"]) == 4


@pytest.mark.parametrize("damage", [None, b"rubbish"])
def test_without_a_list_of_days_each_day_of_the_span_is_looked_at(s3, damage):
    noon, later = two_hours(s3)
    delete(s3, [*noon, *later, f"{ROOT}days.json"])
    if damage:
        s3.put(f"{ROOT}days.json", damage)
    digest(s3)
    assert not [key for key in made(s3) if not key.endswith("days.json")]


def test_a_run_without_time_deletes_nothing(s3):
    noon, _ = two_hours(s3)
    delete(s3, noon)
    s3.put(key_of("cam1", NOON + timedelta(hours=3, seconds=77), 99), jpeg(200))
    before = dict(s3.objects)
    assert not digest(s3, seconds_left=lambda: 5.0).complete
    assert s3.objects == before


def test_a_run_killed_while_it_deletes_is_taken_up_by_the_next():
    with WireS3() as s3:
        delete(s3, [key for hour in two_hours(s3) for key in hour])
        kills = 0
        for _ in killed(s3, lambda client: digest(s3, client=client)):
            digest(s3)
            assert list(made(s3)) == [f"{ROOT}days.json"], kills
            assert read(s3, f"{ROOT}days.json") == EMPTY
            kills += 1
        assert kills > 4


def test_a_late_photo_is_not_lost_wherever_it_overtakes_a_run_that_deletes(s3):
    delete(s3, [key for hour in two_hours(s3) for key in hour])
    digested = dict(s3.objects)
    late = key_of("cam1", NOON + timedelta(seconds=77), 99)
    with WireS3() as clean:
        clean.put(late, jpeg(200))
        digest(clean)
        wanted = made(clean)
    overtakings = 0
    for place in overtakings_by(s3, digested, late):
        overtakings += 1
        digest(s3, now=NOW + timedelta(hours=1), days=2)
        now = made(s3)
        assert {key: now.get(key) for key in wanted} == wanted, place
    assert overtakings > 8
