"""Motion detection: a fox is marked; dusk, a lamp, noise and a damaged photo are not."""

import io
import random
from datetime import timedelta

import pytest
from dateutil import tz
from gallery_wire import BUCKET, WireS3, at, jpeg, key_of
from megacam.gallery import motion, state
from megacam.gallery.bucket import Bucket
from megacam.gallery.favourites import Favourites
from megacam.gallery.thumbnails import Thumbnails
from megacam.gallery.work import Work
from PIL import Image, ImageChops

pytest_plugins = "gallery_browser"

_CLOCKS = ["12:20:00", "12:50:00", "13:28:00"]


def signatures(pictures):
    return [motion.signature(Image.open(io.BytesIO(data))) for data in pictures]


def marked(found):
    return [index for index, mark in enumerate(motion.marks(motion.scores(found))) if mark]


def noisy(data, seed):
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    noise = Image.effect_noise(picture.size, 18 + seed % 3).convert("RGB")
    return ImageChops.blend(picture, ImageChops.add(picture, noise, 1, -128), 0.5)


def test_a_fox_in_one_photo_of_a_day_is_found():
    day = [jpeg(120) for _ in range(40)]
    day[17] = jpeg(120, fox=40)
    assert marked(signatures(day)) == [17]


@pytest.mark.parametrize("first", [0, 38])
def test_a_fox_at_the_beginning_or_the_end_is_found(first):
    day = [jpeg(120) for _ in range(40)]
    day[first] = jpeg(120, fox=60)
    assert first in marked(signatures(day))


def test_a_fox_that_walks_through_three_photos_is_found_in_each():
    day = [jpeg(120) for _ in range(40)]
    for step in range(3):
        day[20 + step] = jpeg(120, fox=20 + 25 * step)
    assert marked(signatures(day)) == [20, 21, 22]


def test_dusk_is_no_motion():
    assert marked(signatures([jpeg(200 - 4 * n) for n in range(40)])) == []


def test_a_lamp_that_goes_on_is_no_motion():
    assert marked(signatures([jpeg(60 if n < 20 else 190) for n in range(40)])) == []


def test_sensor_noise_is_no_motion_and_does_not_hide_the_fox():
    random.seed(1)
    day = [noisy(jpeg(120), n) for n in range(30)]
    day[11] = noisy(jpeg(120, fox=45), 1)
    assert marked([motion.signature(picture) for picture in day]) == [11]


def test_a_damaged_photo_is_no_motion_and_no_neighbour():
    found: list[Image.Image | None] = [*signatures([jpeg(120) for _ in range(9)])]
    found[4] = None
    found[5] = signatures([jpeg(120, fox=40)])[0]
    scores = motion.scores(found)
    assert scores[4] == 0.0
    assert marked(found) == [5]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_photos_to_compare_have_no_motion(count):
    assert marked(signatures([jpeg(120, fox=9 * n) for n in range(count)])) == []


def test_what_the_camera_has_seen_is_read_without_its_photos(tmp_path):
    start = at("2026-05-05T12:00:00")
    told = {3: "46", 5: "45", 7: "255", 9: "fox", 11: "-80", 13: "9" * 4000}
    with WireS3() as s3:
        keys = [key_of("cam1", start + timedelta(seconds=30 * n), n) for n in range(20)]
        for n, key in enumerate(keys):
            s3.put(key, b"no photo", motion=told.get(n, "0"))
        bucket = Bucket(s3.client(), BUCKET)
        with Thumbnails(bucket, tmp_path) as thumbnails:
            stars = Favourites(tmp_path, "", BUCKET)
            gallery = state.Gallery(bucket, thumbnails, stars, tmp_path, tz.UTC)
            photos = bucket.photos("cam1", start, start + timedelta(hours=1))
            work = Work(len(photos))
            found = state.find_motion(gallery, "cam1", start.date(), photos, work)
            assert found == gallery.moved("cam1", start.date()) == {keys[3], keys[7], keys[13]}
            assert work.done == 20
            work.stop()
            assert state.find_motion(gallery, "cam1", start.date(), photos, work) is None
        assert not [asked for asked in s3.asked if asked.startswith("GET cam1/")]


def test_a_search_that_is_stopped_marks_nothing_and_another_one_finds_the_fox(tmp_path):
    start = at("2026-05-05T12:00:00")
    with WireS3() as s3:
        keys = [key_of("cam1", start + timedelta(seconds=30 * n), n) for n in range(20)]
        for n, key in enumerate(keys):
            s3.put(key, jpeg(120, fox=40 if n == 7 else None))
        bucket = Bucket(s3.client(), BUCKET)
        with Thumbnails(bucket, tmp_path) as thumbnails:
            stars = Favourites(tmp_path, "", BUCKET)
            gallery = state.Gallery(bucket, thumbnails, stars, tmp_path, tz.UTC)
            photos = bucket.photos("cam1", start, start + timedelta(hours=1))
            work = Work(len(photos))
            work.stop()
            assert state.find_motion(gallery, "cam1", start.date(), photos, work) is None
            assert not gallery.moved("cam1", start.date())
            state.find_motion(gallery, "cam1", start.date(), photos, Work(len(photos)))
            assert gallery.moved("cam1", start.date()) == {keys[7]}


def test_what_the_camera_has_seen_is_marked_filtered_and_reached_by_a_key(look, tmp_path):
    start = at("2026-05-05T12:00:00")
    pictures = jpeg(120), jpeg(120, fox=40)
    with WireS3() as s3:
        for n in range(60):
            moved = n in (10, 25, 44)
            key = key_of("cam1", start + timedelta(minutes=2 * n), n)
            s3.put(key, pictures[moved], motion=str(90 * moved + n % 9))
        now = at("2026-05-05T16:00:00")
        page = look(s3.endpoint, now, "/day?device=cam1&date=2026-05-05")
        page.click("button", "Find motion")
        for width in (1280, 390):
            page.size(width, 900)
            page.wait_text("3 with motion", ".motion-count")
            cells = page.wait(lambda: page.all("a.cell.moved"), "the marks")
            titles = [cell.get_attribute("title") for cell in cells]
            assert titles == [f"cam1 at {clock}, motion" for clock in _CLOCKS]
            clocks = []
            for _ in range(4):
                page.all("body")[0].send_keys("m")
                page.wait(lambda: page.all(".screen.moved"), "the mark at the picture")
                clocks.append(page.text(".clock"))
            assert clocks == [*_CLOCKS, _CLOCKS[0]]
            wide = "return document.documentElement.scrollWidth"
            assert page.script(wide) <= width
            page.click("a.tool", "Show only these")
            page.wait_for(".only-motion")
            assert sum(cell.is_displayed() for cell in page.all("a.cell")) == 3
            page.click("a.tool", "Show all")
            page.wait(lambda: not page.all(".only-motion"), "all photos")
