"""Photos copied into the bucket from elsewhere: their EXIF stands in for key and metadata."""

from datetime import timedelta
from types import SimpleNamespace

import exif as block_exif
import exif_block
import pytest
from dateutil import tz
from gallery_wire import BUCKET, WireS3, at, jpeg, key_of
from megacam import exif
from megacam.gallery import export, photos, timelapse
from megacam.gallery.bucket import Bucket

DAY = at("2026-05-05T00:00:00")
FOLDER = "cam1/2026/05/05/"
NOON = at("2026-05-05T12:00:00")


def with_exif(taken, seq=42, offset_min=120, name="Zürich", position=(47_123_456, -8_500_000)):
    """Return a photo as a camera two hours ahead of UTC sends it."""
    texts = (name, "Arducam", "Mega 3MP", "megacam 1.2.3")
    block = exif_block.build(texts, "cam1", position, 64)
    local = (taken + timedelta(minutes=offset_min)).timetuple()[:6] if taken else None
    utc = taken.timetuple()[:6] if taken else None
    block_exif.fill(block, seq, local, offset_min, utc, b"21.5 C")
    plain = jpeg()
    return plain[:2] + bytes(block) + plain[2:]


@pytest.fixture
def s3():
    with WireS3() as server:
        server.put(key_of("cam1", NOON, 7), jpeg(), device="cam1")
        server.put(FOLDER + "IMG_0042.jpg", with_exif(NOON + timedelta(minutes=1)))
        server.put(FOLDER + "dated.JPG", with_exif(NOON - timedelta(minutes=1), 41))
        server.put(FOLDER + "undated.jpg", with_exif(None))
        server.put(FOLDER + "plain.jpg", jpeg())
        server.put(FOLDER + "broken.jpg", b"\xff\xd8\xff\xe1\0\x10Exif\0\0MM")
        server.put(FOLDER + "no photo.jpg", with_exif(NOON))
        yield server


@pytest.fixture
def bucket(s3):
    return Bucket(s3.client(), BUCKET, now=lambda: NOON + timedelta(days=9))


def names(found):
    return [photo.name.rpartition("/")[2] for photo in found]


def test_they_are_among_the_photos_of_their_day_at_the_moment_that_their_exif_says(bucket):
    found = bucket.photos("cam1", DAY, DAY + timedelta(days=1))
    assert names(found) == ["dated.JPG", "120000-000007.jpg", "IMG_0042.jpg"]
    assert [photo.taken - NOON for photo in found] == [
        timedelta(minutes=minute) for minute in (-1, 0, 1)
    ]
    assert [photo.seq for photo in found] == [41, 7, 42]
    assert names(bucket.photos("cam1", NOON, NOON + timedelta(hours=1))) == names(found)[1:]


def test_each_is_read_once_and_only_its_beginning_is_asked_for(s3, bucket):
    for _ in range(2):
        bucket.photos("cam1", DAY, DAY + timedelta(days=1))
        bucket.photos("cam1", NOON, DAY + timedelta(days=1))
    reads = [line for line in s3.asked if line.startswith("GET cam1")]
    assert len(reads) == len(set(reads)) == 5
    assert s3.ranges and set(s3.ranges) == {"bytes=0-16383"}


def test_a_part_of_a_day_of_many_photos_has_its_copies_too(s3, bucket):
    for n in range(1500):
        s3.put(key_of("cam1", DAY + timedelta(seconds=30 * n), n), b"jpeg")
    found = bucket.photos("cam1", DAY, NOON + timedelta(minutes=5))
    assert {"dated.JPG", "IMG_0042.jpg"} <= set(names(found))


def test_the_time_lapse_shows_them_in_their_place(bucket):
    found = timelapse.choose(bucket, "cam1", DAY, DAY + timedelta(days=1))
    assert names(found) == ["dated.JPG", "120000-000007.jpg", "IMG_0042.jpg"]


def test_the_export_has_them_as_files_and_in_its_pages(bucket, tmp_path):
    made = export.export(bucket, tmp_path, DAY, DAY + timedelta(days=1), zone=tz.UTC)
    assert (made.photos, made.skipped) == (3, 0)
    assert (tmp_path / "photos/cam1/2026/05/05/IMG_0042.jpg").is_file()
    page = (tmp_path / "cam1-2026-05-05.html").read_text()
    assert "IMG_0042.jpg" in page and "dated.JPG" in page and "undated" not in page


def read(bucket, key):
    # Here, as each worker collects this file, and NiceGUI takes long to import.
    from megacam.gallery.pages import photo as photo_page

    photo = photos.parse(key) or photos.parse_copy(key)
    return photo_page.read(SimpleNamespace(bucket=bucket), photo)


def test_the_page_of_a_photo_without_metadata_says_what_its_exif_says(s3, bucket):
    known = read(bucket, FOLDER + "IMG_0042.jpg")
    assert known.photo.taken == NOON + timedelta(minutes=1) and not known.metadata
    assert known.exif == {
        "device": "cam1",
        "location": "Zürich",
        "make": "Arducam",
        "model": "Mega 3MP",
        "position": "47.123456, -8.500000",
        "reading": "21.5 C",
        "seq": "42",
        "software": "megacam 1.2.3",
        "taken-at": "2026-05-05T12:01:00Z",
    }


def test_a_photo_whose_metadata_was_lost_in_a_copy_says_it_too(s3, bucket):
    key = key_of("cam1", NOON + timedelta(minutes=2), 8)
    s3.put(key, with_exif(NOON + timedelta(minutes=2), 8))
    assert read(bucket, key).exif["reading"] == "21.5 C"


def test_where_s3_has_the_metadata_the_photo_is_not_read(s3, bucket):
    key = key_of("cam1", NOON, 7)
    known = read(bucket, key)
    assert known.metadata == {"device": "cam1"} and known.exif == {}
    assert f"GET {key} " not in s3.asked and f"HEAD {key} " in s3.asked


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xd8", jpeg(), b"\xff\xd8\xff\xe1\xff\xffExif\0\0MM\0*\0\0\0\x08\xff\xff",
     b"\xff\xd8\xff\xe1\0\x40Exif\0\0" + bytes(99), with_exif(NOON)[:100]],
)  # fmt: skip
def test_what_is_no_exif_says_nothing_and_fails_nothing(data):
    assert exif.taken(data) is None and exif.read(data) == {}


def test_split_gives_the_block_and_the_cameras_own_bytes():
    block, own = exif.split(with_exif(NOON))
    assert own == jpeg() and block[:4] == b"\xff\xe1" + (len(block) - 2).to_bytes(2, "big")
    assert exif.split(jpeg()) == (b"", jpeg())
