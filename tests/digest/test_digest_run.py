"""What a run makes, what it costs, and that it may be killed, repeated and overtaken anywhere."""

import io
from datetime import datetime, timedelta

import boto3
import pytest
from digest_rig import NOW, PLAIN, UTC, Client, digest, fill, killed, made, overtakings_by, read
from gallery_wire import BUCKET, EveryThirtySeconds, WireS3, at, jpeg, key_of
from megacam import settings
from megacam.cloud.digest_function import Wanted
from megacam.cloud.spec import CloudSpec
from megacam.cloud.template import Options
from megacam.digest import run, sheets
from megacam.digest.hour import Wishes
from megacam.digest.store import CONFIG, Store
from PIL import Image
from virtual_clock import Clock

pytest_plugins = "wire_store"

DAY = "cam1/_digest/2026/11/23/day.json"
NOON = at("2026-11-23T12:00")


def hour(number):
    return f"cam1/_digest/2026/11/23/{number:02d}/index.json"


def test_an_hour_becomes_a_sheet_a_keogram_and_an_index(s3):
    keys = fill(s3, NOON, 5, 720)
    result = digest(s3)
    assert (result.hours_made, result.photos, result.refused) == (1, 5, 0)
    index = read(s3, hour(12))
    assert [one["key"] for one in index["photos"]] == keys
    assert [one["meta"]["seq"] for one in index["photos"]] == list("01234")
    assert index["start"] == "2026-11-23T12:00:00Z"
    sheet = Image.open(io.BytesIO(s3.objects[index["sprites"][0]["key"]][0]))
    assert sheet.size == (1600, 120)
    for photo in index["photos"]:
        seen = sheet.crop(sheets.place(photo["cell"])).getpixel((5, 5))
        shade = 60 + int(photo["meta"]["seq"])
        assert abs(seen[0] - shade) < 6
    strip = Image.open(io.BytesIO(s3.objects[index["keogram"]["key"]][0]))
    assert strip.size == (120, 60)
    # A photo fills its column and those until the next one, 24 columns later.
    assert all(abs(strip.getpixel((x, 3))[0] - 60 - x // 24) < 5 for x in range(120))


def test_a_day_is_joined_and_knows_its_photos_and_its_sheets(s3):
    for number in (9, 10, 14):
        fill(s3, at(f"2026-11-23T{number:02d}:00"), 4, first=number * 10)
    digest(s3)
    day = read(s3, DAY)
    assert day["over"] and len(day["photos"]) == 12
    assert [one["start"][11:13] for one in day["hours"]] == ["09", "10", "14"]
    name, size, place, cell, _, _ = day["photos"][5]
    assert (name, place, cell) == ("2026/11/23/101500-000101.jpg", 1, 1)
    assert size == len(s3.objects[f"cam1/{name}"][0])
    whole = Image.open(io.BytesIO(s3.objects[day["keogram"]["key"]][0]))
    assert whole.size == (2880, 60)
    strip = Image.open(io.BytesIO(s3.objects[day["hours"][2]["keogram"]["key"]][0]))
    left = whole.crop((14 * 120, 0, 14 * 120 + 120, 60))
    assert abs(left.getpixel((0, 3))[0] - strip.getpixel((0, 3))[0]) < 4


def test_a_run_with_nothing_new_asks_for_the_photos_names_and_the_days_and_writes_nothing(s3):
    fill(s3, at("2026-11-23T00:00"), 96)
    digest(s3)
    before = dict(s3.objects)
    result = digest(s3)
    assert result.requests == {"list": 1, "get": 1}
    assert (result.hours_made, result.days_written) == (0, 0)
    assert s3.objects == before


def test_a_late_photo_is_joined_and_what_it_replaces_is_removed(s3):
    fill(s3, NOON, 4)
    fill(s3, at("2026-11-23T15:00"), 4, first=50)
    digest(s3)
    old = read(s3, hour(12))["sprites"][0]["key"]
    untouched = s3.objects[hour(15)]
    s3.written.clear()  # everything was written long ago
    s3.put(key_of("cam1", NOON + timedelta(seconds=77), 99), jpeg(200))
    result = digest(s3)
    assert (result.hours_made, result.days_written) == (1, 1)
    assert len(read(s3, hour(12))["photos"]) == 5
    assert len(read(s3, DAY)["photos"]) == 9
    assert old not in s3.objects
    assert s3.objects[hour(15)] == untouched
    assert _dangling(s3) == set()


def test_a_new_piece_that_no_index_names_yet_is_left_alone(s3):
    fill(s3, NOON, 4)
    digest(s3)
    coming = "cam1/_digest/2026/11/23/12/sprite-0123456789abcdef.jpg"
    client = s3.client()
    client.put_object(Bucket="photos", Key=coming, Body=b"x")
    s3.put(key_of("cam1", NOON + timedelta(seconds=77), 99), jpeg(200))
    s3.written = {key: NOW.timestamp() - 60 for key in s3.objects}
    digest(s3)
    assert coming in s3.objects


def test_deleted_photos_leave_the_digest(s3):
    keys = fill(s3, NOON, 4) + fill(s3, at("2026-11-23T15:00"), 4, first=50)
    digest(s3)
    for key in (keys[0], *keys[4:]):
        del s3.objects[key]
    digest(s3)
    day = read(s3, DAY)
    assert [f"cam1/{row[0]}" for row in day["photos"]] == keys[1:4]
    assert len(day["hours"]) == 1


def test_the_hour_that_is_going_on_waits(s3):
    fill(s3, NOON, 8)
    digest(s3, now=at("2026-11-23T13:30"))
    assert hour(12) in s3.objects and hour(13) not in s3.objects
    day = read(s3, DAY)
    assert not day["over"] and len(day["photos"]) == 4
    assert day["keogram"]


def test_midnight_ends_a_day_without_new_photos(s3):
    fill(s3, NOON, 4)
    digest(s3, now=at("2026-11-23T14:05"))
    result = digest(s3)
    assert (result.hours_made, result.days_written) == (0, 1)
    assert read(s3, DAY)["over"]


def test_more_photos_than_a_sheet_holds_go_on_the_next_one(s3):
    fill(s3, NOON, 130, 20)
    digest(s3)
    index = read(s3, hour(12))
    assert len(index["sprites"]) == 2
    assert [one["cell"] for one in index["photos"]] == list(range(130))


def test_a_run_without_time_leaves_the_rest_to_the_next_one(s3):
    fill(s3, at("2026-11-23T10:00"), 12)
    left = iter((600.0, 50.0))
    result = digest(s3, seconds_left=lambda: next(left))
    assert (result.hours_made, result.complete) == (1, False)
    result = digest(s3)
    assert (result.hours_made, result.complete) == (2, True)
    assert len(read(s3, DAY)["photos"]) == 12


def test_throttling_is_waited_out(s3, monkeypatch):
    clock = Clock()
    monkeypatch.setattr("botocore.endpoint.time", clock)
    fill(s3, NOON, 2)
    s3.throttled = 3
    client = boto3.client(
        "s3", endpoint_url=s3.endpoint, region_name="us-east-1", aws_access_key_id="A",
        aws_secret_access_key="b", config=CONFIG,
    )  # fmt: skip
    pages = list(Store(client, BUCKET).pages("cam1/2026/"))
    assert len(pages[0]) == 2 and s3.throttled == 0 and clock.now_s > 0


def test_a_store_without_conditional_writes_gets_plain_ones(s3):
    fill(s3, NOON, 2)
    s3.conditions = False
    assert digest(s3).hours_made == 1
    assert digest(s3).hours_made == 0


def _clean(keys):
    """Return what one undisturbed run makes of these photos."""
    with WireS3() as store:
        store.objects = dict(keys)
        digest(store)
        return made(store)


def _dangling(s3):
    """Return the pieces that an index names and that do not exist."""
    missing = set()
    for key in list(made(s3)):
        if not key.endswith(".json"):
            continue
        index = read(s3, key)
        for one in (*index.get("sprites", ()), index.get("keogram"), index.get("film")):
            if one and one["key"] not in s3.objects:
                missing.add(one["key"])
    return missing


def _photos(s3):
    fill(s3, NOON, 2)
    fill(s3, NOON + timedelta(hours=1), 2, first=20)
    return dict(s3.objects)


def test_a_run_killed_at_any_request_is_taken_up_by_the_next(s3):
    wanted = _clean(_photos(s3))
    kills = 0
    for _ in killed(s3, lambda client: digest(s3, client=client)):
        assert _dangling(s3) == set()
        digest(s3)
        assert made(s3) == wanted, kills
        kills += 1
    assert kills > 8


def test_a_run_overtaken_at_any_request_by_another_one_loses_nothing(s3):
    photos = _photos(s3)
    late = key_of("cam1", NOON + timedelta(seconds=77), 99)
    wanted = _clean({**photos, late: (jpeg(200), {})})
    overtakings = 0
    for place in overtakings_by(s3, photos, late):
        overtakings += 1
        assert _dangling(s3) == set(), place
        digest(s3)
        now = made(s3)
        assert {key: now[key] for key in wanted} == wanted, place
    assert overtakings > 10


def test_a_run_that_knows_less_does_not_replace_what_another_one_wrote(s3):
    fill(s3, NOON, 2)
    overtaken = []

    def other(number, operation):
        if operation == "put_object" and not overtaken:
            s3.put(key_of("cam1", NOON + timedelta(seconds=77), 99), jpeg(200))
            overtaken.append(digest(s3))

    digest(s3, client=Client(s3.client(), other))
    assert len(read(s3, hour(12))["photos"]) == 3
    assert len(read(s3, DAY)["photos"]) == 3


def test_a_film_of_the_hour_and_of_the_day_have_every_photo(s3):
    av = pytest.importorskip("av")
    fill(s3, NOON, 6, 600)
    fill(s3, NOON + timedelta(hours=1), 6, 600, first=20)
    digest(s3, wishes=Wishes())
    day = read(s3, DAY)
    assert day["film"]["frames"] == 12
    with av.open(io.BytesIO(s3.objects[day["film"]["key"]][0])) as film:
        frames = list(film.decode(video=0))
    assert len(frames) == 12
    assert abs(float(frames[-1].time) - 11 / 24) < 0.001
    shades = [frame.to_image().getpixel((5, 5))[0] for frame in frames]
    wanted = [*range(60, 66), *range(80, 86)]
    assert all(abs(a - b) < 8 for a, b in zip(shades, wanted, strict=True))


def test_no_page_of_a_million_keys_is_kept():
    with WireS3() as s3:
        first = datetime(2026, 1, 1, tzinfo=UTC.zone)
        s3.keys = EveryThirtySeconds("cam1", first, 1_000_000)
        s3.filler = b"x"
        store = Store(s3.client(), BUCKET)
        start = first + timedelta(days=200)
        hours = run.listed_hours(store, "cam1", start, start + timedelta(days=2))
        longest = max(len(listed) for _, listed in hours)
    assert longest == 120
    assert store.requests == {"list": 6}


def test_without_a_word_motion_is_what_the_camera_takes_for_it():
    least = settings.default("motion.threshold")
    assert Wishes().motion_threshold == Wanted("b", "d").motion_threshold == least
    assert CloudSpec.motion == Options.motion == least


def test_the_camera_tells_what_moved():
    with WireS3() as s3:
        for number, score in enumerate(("0", "45", "46", "9" * 30, "x")):
            s3.put(
                key_of("cam1", NOON + timedelta(minutes=number), number), jpeg(90), motion=score
            )
        digest(s3, wishes=PLAIN)
        moved = [one["moved"] for one in read(s3, hour(12))["photos"]]
    assert moved == [False, False, True, True, False]
