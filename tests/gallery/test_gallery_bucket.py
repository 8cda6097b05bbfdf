"""How the gallery reads a bucket, with an S3 server that counts the requests."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from gallery_wire import BUCKET, EveryThirtySeconds, at, jpeg, key_of
from megacam.gallery import photos
from megacam.gallery.bucket import Bucket
from megacam.gallery.refusals import BucketError, PhotoMissingError

pytest_plugins = "wire_store"

FIRST = at("2025-12-12T00:00:00")
COUNT = 1_000_000
NEWEST = FIRST + timedelta(seconds=30 * (COUNT - 1))
NOW = NEWEST + timedelta(seconds=12)


@pytest.fixture
def bucket(s3):
    return Bucket(s3.client(), BUCKET, now=lambda: NOW)


@pytest.fixture
def million(s3):
    s3.keys = EveryThirtySeconds("cam1", FIRST, COUNT)
    s3.filler = jpeg()
    return s3


def fill(s3, device, moments):
    for seq, moment in enumerate(moments):
        s3.put(key_of(device, moment, seq), b"jpeg")


def test_the_newest_of_a_million_photos_takes_a_dozen_requests(million, bucket):
    assert bucket.newest("cam1").taken == NEWEST
    assert len(million.asked) <= 12, million.asked


def test_what_is_newer_than_a_known_photo_takes_one_request(million, bucket):
    known = photos.parse(key_of("cam1", NEWEST - timedelta(seconds=60), COUNT - 3))
    assert [photo.taken for photo in bucket.newer(known)] == [
        NEWEST - timedelta(seconds=30),
        NEWEST,
    ]
    assert len(million.asked) == 1


def test_a_day_of_a_million_photos_takes_a_request_a_thousand(million, bucket):
    day = at("2026-05-05T00:00:00")
    found = bucket.photos("cam1", day, day + timedelta(days=1))
    assert len(found) == 2880
    assert found == sorted(found)
    assert len(million.asked) == 3
    bucket.photos("cam1", day, day + timedelta(days=1))
    assert len(million.asked) == 3, "the same day was listed twice"


def test_an_hour_of_a_million_photos_takes_one_request(million, bucket):
    start = at("2026-05-05T07:00:00")
    found = bucket.photos("cam1", start, start + timedelta(hours=1))
    assert [found[0].taken, found[-1].taken] == [start, start + timedelta(seconds=3570)]
    assert len(found) == 120
    assert len(million.asked) == 1


def test_the_calendar_of_a_million_photos_takes_a_request_a_year_and_a_month(million, bucket):
    assert bucket.devices() == ["cam1"]
    assert bucket.months("cam1")[0] == (2025, 12)
    assert len(bucket.months("cam1")) == 12
    assert bucket.days("cam1", 2026, 2) == list(range(1, 29))
    assert len(million.asked) <= 8


def test_a_span_over_midnight_has_both_days(s3, bucket):
    moments = [at("2026-05-05T23:59:30"), at("2026-05-06T00:00:00"), at("2026-05-06T00:00:30")]
    fill(s3, "cam1", moments)
    found = bucket.photos("cam1", moments[0], moments[2])
    assert [photo.taken for photo in found] == moments[:2]


def test_the_newest_before_a_moment_may_be_months_back(s3, bucket):
    fill(s3, "cam1", [at("2026-01-31T08:00:00"), at("2026-01-31T23:10:00")])
    fill(s3, "cam1", [at("2026-05-05T12:00:00"), at("2026-05-05T12:30:00")])
    before = at("2026-05-05T12:00:00")
    assert bucket.newest("cam1", before=before).taken == at("2026-01-31T23:10:00")
    assert bucket.newest("cam1", before=at("2026-05-05T12:00:01")).taken == before
    assert bucket.newest("cam1", before=at("2026-01-31T08:00:00")) is None


@pytest.mark.parametrize("hour", range(24))
def test_the_newest_is_found_in_every_hour(s3, bucket, hour):
    moment = at(f"2026-05-05T{hour:02d}:59:59")
    fill(s3, "cam1", [at("2026-05-05T00:00:00"), moment])
    assert bucket.newest("cam1").taken == moment


def test_the_files_of_a_release_cost_no_request(s3, bucket):
    fill(s3, "cam1", [at("2026-11-03T13:30:00")])
    for number in range(60):
        s3.put(f"cam1/_update/{number:064x}", b"file")
    assert bucket.newest("cam1").taken == at("2026-11-03T13:30:00")
    assert len(s3.asked) <= 12, s3.asked


def test_photos_of_a_clock_that_was_years_ahead_do_not_hide_the_newest(s3, bucket):
    fill(s3, "cam1", [at("2036-02-07T06:28:15"), NOW, at("2026-05-05T12:00:00")])
    assert bucket.newest("cam1").taken == NOW
    known = photos.parse(key_of("cam1", at("2026-05-05T12:00:00"), 2))
    assert [photo.taken for photo in bucket.newer(known)] == [NOW]


def test_a_digest_is_neither_photos_nor_a_burden(s3, bucket):
    fill(s3, "cam1", [NOW - timedelta(hours=3)])
    for number in range(3000):
        s3.put(f"cam1/_digest/2026/11/{1 + number % 28:02d}/{number:02d}/index.json", b"{}")
        s3.put(f"cam1/_digest/2026/11/23/12/now/{number:06d}-000001.jpg", b"jpeg")
    newest = bucket.newest("cam1")
    assert newest.key == key_of("cam1", NOW - timedelta(hours=3), 0)
    assert bucket.devices() == ["cam1"]
    assert bucket.months("cam1") == [(newest.taken.year, newest.taken.month)]
    s3.asked.clear()
    s3.sent_bytes = 0
    assert bucket.newer(newest) == []
    assert bucket.first("cam1", NOW - timedelta(hours=2), NOW) is None
    assert len(s3.asked) == 2
    # A part of 64 KB each; a page of a thousand names would be more.
    assert s3.sent_bytes <= 2 * (64 << 10)


def test_an_empty_bucket_has_no_devices_and_no_newest(bucket):
    assert bucket.devices() == []
    assert bucket.newest("cam1") is None
    assert bucket.months("cam1") == []
    assert bucket.status("cam1") is None


@pytest.mark.parametrize(
    "key",
    [
        "cam1/2026/05/05/250000-000001.jpg",
        "cam1/2026/02/30/120000-000001.jpg",
        "cam1/2026/05/05/120000-000001.jpg.exe",
        "cam1/2026/05/05/120000-000001.html",
        "cam1/status.json",
        "../2026/05/05/120000-000001.jpg",
        "a/b/2026/05/05/120000-000001.jpg",
        "/2026/05/05/120000-000001.jpg",
        "cam\n1/2026/05/05/120000-000001.jpg",
        "cam1/٢٠٢٦/05/05/120000-000001.jpg",
    ],
)
def test_objects_that_are_no_photos_are_passed_over(s3, bucket, key):
    assert photos.parse(key) is None
    good = key_of("cam1", at("2026-05-05T12:00:00"), 9)
    s3.put(good, b"jpeg")
    if "\n" not in key and key.isascii():
        s3.put(key, b"something else")
    day = at("2026-05-05T00:00:00")
    assert [p.key for p in bucket.photos("cam1", day, day + timedelta(days=1))] == [good]
    assert bucket.newest("cam1").key == good


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'"x"', b"\xff\xfe", b"[" * 100_000])
def test_a_status_that_is_no_json_object_is_none(s3, bucket, body):
    s3.put("cam1/status.json", body or b" ")
    assert bucket.status("cam1") is None


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (403, "AccessDenied", "s3:ListBucket"),
        (403, "InvalidAccessKeyId", "access key"),
        (403, "SignatureDoesNotMatch", "secret"),
        (403, "RequestTimeTooSkewed", "clock"),
        (400, "ExpiredToken", "aws sso login"),
        (404, "NoSuchBucket", "name and region"),
        (503, "SlowDown", "by itself"),
    ],
)
def test_a_refusal_names_the_request_the_bucket_and_the_remedy(s3, bucket, status, code, words):
    s3.refusal = (status, code)
    with pytest.raises(BucketError, match=words) as refused:
        bucket.devices()
    assert code in str(refused.value) and repr(BUCKET) in str(refused.value)


def test_a_store_that_went_away_and_came_back_is_told_and_then_read(s3, bucket):
    fill(s3, "cam1", [NOW])
    assert bucket.devices() == ["cam1"]
    s3.stop()
    with pytest.raises(BucketError, match=r"127\.0\.0\.1.*check the network"):
        bucket.newest("cam1")
    s3.start()
    assert bucket.newest("cam1").taken == NOW


def test_a_silent_store_is_waited_for_in_words_and_given_up(s3, bucket):
    s3.delay_s = 30
    with ThreadPoolExecutor(1) as thread:
        asking = thread.submit(bucket.devices)
        while not bucket.waiting():
            assert not asking.done()
            time.sleep(0.01)
        ((what, seconds),) = bucket.waiting()
        assert what == "listing photos" and seconds >= 0
        with pytest.raises(BucketError, match="did not answer in time"):
            asking.result()
    assert bucket.waiting() == []


def test_a_deleted_photo_is_gone_from_the_listing_at_once(s3, bucket):
    fill(s3, "cam1", [at("2026-05-05T12:00:00"), at("2026-05-05T12:00:30")])
    day = at("2026-05-05T00:00:00")
    first, second = bucket.photos("cam1", day, day + timedelta(days=1))
    bucket.delete(first)
    assert bucket.photos("cam1", day, day + timedelta(days=1)) == [second]
    with pytest.raises(PhotoMissingError):
        bucket.read(first.key)


def test_what_is_too_large_for_a_photo_or_a_report_is_not_downloaded(s3, bucket):
    key = key_of("cam1", NOW, 1)
    s3.put(key, bytes(60 << 20))
    s3.put("cam1/status.json", b'{"log": "' + b"x" * (60 << 20) + b'"}')
    with pytest.raises(PhotoMissingError, match=r"cam1/.* is over 8 MB: not a photo"):
        bucket.read(key)
    assert bucket.status("cam1") is None
    # Only what fits into the socket buffers until the connection is closed, not 120 MB.
    assert s3.sent_bytes < 24 << 20
    s3.put(key, b"x" * (8 << 20))
    assert len(bucket.read(key)) == 8 << 20
