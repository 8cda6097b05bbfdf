"""The gallery with a digest: fewer requests, thumbnails cut from sheets, keogram, moments."""

import functools
import io
from datetime import timedelta

import pytest
from dateutil import tz
from digest_rig import digest
from gallery_wire import BUCKET, WireS3, at, jpeg, key_of
from megacam.digest import upload
from megacam.digest.day import Calendar
from megacam.digest.store import Store
from megacam.gallery import photos
from megacam.gallery.bucket import Bucket
from megacam.gallery.digests import Digests
from megacam.gallery.thumbnails import Thumbnails
from PIL import Image

pytest_plugins = ("gallery_browser", "wire_store")

DAY = at("2026-05-04T00:00:00")
NOW = at("2026-05-05T16:00:00")
HOURS = 6


def fill(s3, hours=HOURS, every_s=60, fox=(70,)):
    """Store photos from 10:00 on; at the minutes `fox`, an animal."""
    for number in range(hours * 3600 // every_s):
        moment = DAY + timedelta(hours=10, seconds=every_s * number)
        where = 40 if number in fox else None
        s3.put(key_of("cam1", moment, number), jpeg(80 + number // 60, fox=where))


@functools.cache
def _digested():
    with WireS3() as s3:
        fill(s3)
        digest(s3, now=NOW, days=2)
        return s3.objects, s3.written


def digested(s3):
    """Store six hours of photos and their digest, which is made once."""
    objects, written = _digested()
    s3.objects, s3.written = dict(objects), dict(written)


def known(s3, folder, zone=tz.UTC):
    bucket = Bucket(s3.client(), BUCKET, lambda: NOW)
    return bucket, Digests(bucket, Thumbnails(bucket, folder))


def test_all_thumbnails_of_an_hour_are_cut_from_one_sheet(s3, tmp_path):
    digested(s3)
    bucket, digests = known(s3, tmp_path)
    hour = bucket.photos("cam1", DAY + timedelta(hours=12), DAY + timedelta(hours=13))
    s3.asked.clear()
    for photo in hour:
        data = digests.thumbnail(photo, DAY.date())
        shade = 80 + photo.seq // 60
        small = Image.open(io.BytesIO(data))
        assert small.size == (160, 120)
        assert abs(small.getpixel((8, 8))[0] - shade) < 6
    assert len(hour) == 60
    assert [line.split()[1].rpartition("/")[2][:6] for line in s3.asked] == ["day.js", "sprite"]


def test_a_gallery_started_again_has_the_sheets_on_disk(s3, tmp_path):
    fill(s3, 1)
    digest(s3, now=NOW, days=2)
    photo = photos.parse(key_of("cam1", DAY + timedelta(hours=10), 0))
    for requests in (2, 1):
        s3.asked.clear()
        assert known(s3, tmp_path)[1].thumbnail(photo, DAY.date())
        assert len(s3.asked) == requests


@pytest.mark.parametrize("sheet", [b"", b"rubbish", jpeg(9, size=(64, 48))])
def test_a_sheet_that_is_no_good_is_done_without(s3, tmp_path, sheet):
    fill(s3, 1)
    digest(s3, now=NOW, days=2)
    [key] = [key for key in s3.objects if "sprite" in key]
    if sheet:
        s3.put(key, sheet)
    else:
        del s3.objects[key]
    photo = photos.parse(key_of("cam1", DAY + timedelta(hours=10, minutes=59), 59))
    assert known(s3, tmp_path)[1].thumbnail(photo, DAY.date()) is None


def test_a_viewer_in_another_zone_finds_the_same_thumbnails_and_both_keograms(s3, tmp_path):
    for number in range(40):
        moment = DAY + timedelta(hours=number)
        s3.put(key_of("cam1", moment, number), jpeg(80))
    zone = tz.gettz("Asia/Tokyo")
    digest(s3, now=NOW, days=3, calendar=Calendar(zone, "JST-9"))
    _, digests = known(s3, tmp_path)
    for hours in (0, 14, 15, 23):
        moment = DAY + timedelta(hours=hours)
        photo = photos.parse(key_of("cam1", moment, hours))
        assert digests.thumbnail(photo, DAY.date())
    found = digests.of_span("cam1", DAY, DAY + timedelta(days=1), DAY.date())
    assert len(found.strips()) == 2
    day = [photos.parse(key_of("cam1", DAY + timedelta(hours=n), n)) for n in range(24)]
    assert found.moved(day) == frozenset()
    strange = photos.parse(key_of("cam1", DAY, 999))
    assert found.moved([strange]) is None


def test_a_thumbnail_made_on_upload_serves_until_the_hour_is_done(s3, tmp_path):
    now = NOW - timedelta(minutes=5)
    key, other = key_of("cam1", now, 1), key_of("cam1", now, 2)
    for one in (key, other):
        s3.put(one, jpeg(99))
    store = Store(s3.client(), BUCKET)
    assert upload.on_upload(store, "cam1", key, "all", 75, NOW) == "made"
    _, digests = known(s3, tmp_path)
    s3.asked.clear()
    small = Image.open(io.BytesIO(digests.thumbnail(photos.parse(key), NOW.date())))
    assert small.width == 320
    assert digests.thumbnail(photos.parse(other), NOW.date()) is None
    assert not _gets(s3, "cam1/2026/")
    digest(s3, now=NOW + timedelta(hours=1))
    assert not [one for one in s3.objects if "/now/" in one]


# The colour of the time line at (x, y), both from 0 to 1.
_PIXEL = (
    "const c = document.querySelector('.timeline canvas');"
    "return [...c.getContext('2d').getImageData("
    "Math.floor(c.width * arguments[0]), Math.floor(c.height * arguments[1]), 1, 1).data]"
)


_DAY = "/day?device=cam1&date=2026-05-04&slot=300"


def _see_photo(page):
    page.wait(lambda: page.shown_pictures("megacam-player .screen img") == 1, "the photo")


def _see(page):
    """Wait for the thumbnails on the screen."""
    page.wait(
        lambda: page.script(
            "return [...document.querySelectorAll('.hours img')].every((i) => {"
            "  const { top, bottom } = i.getBoundingClientRect();"
            "  return bottom < 0 || top > innerHeight || i.naturalWidth;"
            "})"
        ),
        "pictures",
    )


def _see_all(page):
    """Scroll through the whole page."""
    for step in range(60):
        page.script("window.scrollTo(0, arguments[0])", step * 500)
        _see(page)
        if page.script("return scrollY + innerHeight >= document.body.scrollHeight - 2"):
            return


def _gets(s3, word):
    return [line for line in s3.asked if line.startswith("GET ") and word in line.split(" ")[1]]


def test_a_day_opens_with_the_sheets_on_the_screen_instead_of_photos(s3, look):
    for number in range(288):
        moment = DAY + timedelta(minutes=5 * number)
        s3.put(key_of("cam1", moment, number), jpeg(80, fox=40 if number == 186 else None))
    digest(s3, now=NOW, days=2)
    page = look(s3.endpoint, NOW)
    page.wait(lambda: page.shown_pictures("img[src*=photo]") == 1, "the Now page")
    page.open("/favourites")  # a page that asks for nothing
    page.wait_text("No favourites yet")
    s3.asked.clear()
    page.open(_DAY)
    _see_photo(page)
    _see(page)
    assert 1 <= len(_gets(s3, "sprite")) <= 12
    listings = [line for line in s3.asked if line.startswith("GET  ")]
    assert len(listings) == 3  # cameras, the day, the same day a year ago
    assert len(s3.asked) <= 24
    _see_all(page)
    assert len(_gets(s3, "sprite")) == 24
    assert len(_gets(s3, "cam1/2026/")) <= 6  # the photo on show and those beside it
    assert len(_gets(s3, "day.json")) == len(_gets(s3, "keogram")) == 1
    page.wait_text("1 with motion", ".motion-count")


def test_the_keogram_is_the_background_of_the_time_line(s3, look):
    digested(s3)
    page = look(s3.endpoint, NOW, _DAY)
    _see_photo(page)
    # At noon, the sky: blue is 40 above red. Before the first photo there is no sky.
    page.wait(lambda: page.script(_PIXEL, 0.52, 0.1)[2] - page.script(_PIXEL, 0.52, 0.1)[0] > 25)
    night = page.script(_PIXEL, 0.2, 0.1)
    assert abs(night[2] - night[0]) < 12


def test_hours_full_of_motion_leave_the_keogram_in_view(s3, look):
    for number in range(HOURS * 12):
        moment = DAY + timedelta(hours=10, minutes=5 * number)
        s3.put(key_of("cam1", moment, number), jpeg(80), motion="99")
    digest(s3, now=NOW, days=2)
    page = look(s3.endpoint, NOW, _DAY)
    _see_photo(page)
    page.wait(lambda: page.script(_PIXEL, 0.52, 0.1)[2] - page.script(_PIXEL, 0.52, 0.1)[0] > 25)
    shades = [page.script(_PIXEL, 0.45 + step / 400, 0.3) for step in range(60)]
    assert all(blue > red for red, _, blue, _ in shades)
    # Below, it is marked all the same.
    low = [page.script(_PIXEL, 0.45 + step / 400, 0.8) for step in range(60)]
    assert any(red > blue + 60 for red, _, blue, _ in low)


def test_moments_are_a_page_and_lead_to_their_day(s3, look):
    digested(s3)
    page = look(s3.endpoint, NOW, "/moments?device=cam1")
    page.wait(lambda: page.shown_pictures(".moments .cell img") == 1, "the moment")
    page.wait_text("Monday, 04 May 2026", ".moments h2")
    [cell] = page.all(".moments .cell")
    assert "day?device=cam1&date=2026-05-04#at-" in cell.get_attribute("href")
    page.open("/moments?device=cam1&date=2026-04-01")
    page.wait_text("No moments in these seven days")


def test_a_piece_is_only_what_the_digest_writes(s3, look):
    fill(s3, 1)
    digest(s3, now=NOW, days=2)
    page = look(s3.endpoint, NOW, "/img/piece?key=cam1%2Fstatus.json")
    page.wait_text("this is not the key of a keogram or a film")
    page.open("/img/piece?key=cam1%2F_digest%2F2026%2F05%2F04%2Fday.json")
    page.wait_text("this is not the key of a keogram or a film")
