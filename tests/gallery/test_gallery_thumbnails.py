"""Thumbnails: made once, within the size limit of the cache, never from data that is no photo."""

import io
import os
from concurrent.futures import wait
from datetime import timedelta

import pytest
from gallery_wire import BUCKET, WireS3, at, jpeg, key_of
from megacam.gallery.bucket import Bucket
from megacam.gallery.pictures import open_photo
from megacam.gallery.refusals import BucketError, PhotoMissingError
from megacam.gallery.thumbnails import WIDTH, Thumbnails
from PIL import Image

MOMENT = at("2026-05-05T12:00:00")


@pytest.fixture
def s3():
    with WireS3() as server:
        for n in range(30):
            shade = 80 + n
            moment = MOMENT + timedelta(seconds=30 * n)
            server.put(key_of("cam1", moment, n), jpeg(shade, size=(800, 600)))
        yield server


def thumbnails(s3, folder, bound_bytes=1 << 20):
    return Thumbnails(Bucket(s3.client(), BUCKET), folder, bound_bytes)


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_thumbnail_is_a_small_jpeg_of_the_photo(s3, tmp_path):
    with thumbnails(s3, tmp_path) as made:
        data = made.submit(next(iter(s3.objects))).result()
    picture = Image.open(io.BytesIO(data))
    assert (picture.format, picture.size) == ("JPEG", (WIDTH, 240))
    assert abs(picture.convert("RGB").getpixel((300, 10))[0] - 80) < 8


def test_a_thumbnail_is_made_once_even_when_everybody_asks_at_once(s3, tmp_path):
    key = next(iter(s3.objects))
    with thumbnails(s3, tmp_path) as made:
        wait([made.submit(key) for _ in range(20)])
    with thumbnails(s3, tmp_path) as again:
        again.submit(key).result()
    assert s3.count(f"GET {key}") == 1


def test_the_cache_never_outgrows_its_bound_and_drops_the_longest_unused(s3, tmp_path):
    keys = list(s3.objects)
    with thumbnails(s3, tmp_path) as made:
        size = len(made.submit(keys[0]).result())
    bound = size * 10
    (oldest,) = files(tmp_path)
    os.utime(oldest, (1, 1))
    with thumbnails(s3, tmp_path, bound) as made:
        wait([made.submit(key) for key in keys])
        assert made.size_bytes() <= bound
    assert sum(path.stat().st_size for path in files(tmp_path)) <= bound
    assert len(files(tmp_path)) >= 5
    assert not oldest.exists()


def test_stores_and_buckets_of_the_same_key_do_not_share_a_thumbnail(s3, tmp_path):
    key = next(iter(s3.objects))
    with WireS3() as other:
        other.put(key, jpeg(250))
        for server in (s3, other):
            with thumbnails(server, tmp_path) as made:
                made.submit(key).result()
        assert other.count(f"GET {key}") == 1
    assert len(files(tmp_path)) == 2


@pytest.mark.parametrize("change", [lambda d: d[:700], lambda d: b"\x89PNG" + d, lambda d: b"no"])
def test_a_damaged_photo_is_refused_and_not_kept(s3, tmp_path, change):
    key = next(iter(s3.objects))
    s3.put(key, change(s3.objects[key][0]))
    with thumbnails(s3, tmp_path) as made:
        with pytest.raises(PhotoMissingError, match="damaged"):
            made.submit(key).result()
        assert list(made.signatures([key])) == [None]
    assert files(tmp_path) == []


def test_padding_after_the_end_of_the_jpeg_is_no_damage():
    data = jpeg(120) + b"\x00" * 3000
    assert open_photo(data, 160).size == (160, 120)


def test_a_header_that_claims_a_huge_picture_is_refused_before_it_is_decoded():
    made = io.BytesIO()
    Image.new("L", (8000, 8000)).save(made, "JPEG")
    with pytest.raises(PhotoMissingError, match="8000 x 8000"):
        open_photo(made.getvalue(), 160)


def test_a_photo_smaller_than_the_thumbnail_is_not_blown_up():
    assert open_photo(jpeg(120, size=(160, 120)), 320).size == (160, 120)


def test_a_refusal_is_told_and_the_next_try_asks_again(s3, tmp_path):
    key = next(iter(s3.objects))
    s3.refusal = (403, "AccessDenied")
    with thumbnails(s3, tmp_path) as made:
        with pytest.raises(BucketError, match="AccessDenied"):
            made.submit(key).result()
        s3.refusal = None
        assert made.submit(key).result().startswith(b"\xff\xd8")


def test_a_folder_that_cannot_be_written_costs_the_cache_only(s3, tmp_path):
    folder = tmp_path / "file"
    folder.write_text("not a folder")
    key = next(iter(s3.objects))
    with thumbnails(s3, folder) as made:
        assert made.submit(key).result().startswith(b"\xff\xd8")


def test_the_signatures_of_a_day_come_in_order(s3, tmp_path):
    with thumbnails(s3, tmp_path) as made:
        found = list(made.signatures(s3.objects))
    assert len(found) == 30 and all(found)
