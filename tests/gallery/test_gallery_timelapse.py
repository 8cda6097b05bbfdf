"""Time-lapses: the video plays, has the photos in order, and can be canceled."""

from datetime import timedelta

import av
import pytest
from dateutil import tz
from gallery_wire import BUCKET, EveryThirtySeconds, WireS3, at, jpeg, key_of
from megacam.gallery import timelapse
from megacam.gallery.bucket import Bucket
from megacam.gallery.timelapse import CancelledError, TimelapseError
from PIL import Image

START = at("2026-05-05T12:00:00")
COUNT = 24


@pytest.fixture
def s3():
    with WireS3() as server:
        for n in range(COUNT):
            moment = START + timedelta(seconds=30 * n)
            server.put(key_of("cam1", moment, n), jpeg(40 + 8 * n))
        yield server


@pytest.fixture
def bucket(s3):
    return Bucket(s3.client(), BUCKET)


def make(bucket, path, end=START + timedelta(hours=1), **options):
    return timelapse.make(bucket, "cam1", START, end, path, **options)


def frames(path):
    with av.open(str(path)) as film:
        return [frame.to_image() for frame in film.decode(video=0)]


def brightness(picture):
    return picture.getpixel((picture.width - 4, 4))[0]


def test_an_mp4_has_every_photo_in_order_at_the_chosen_speed(bucket, tmp_path):
    told = []
    made = make(bucket, tmp_path / "a.mp4", fps=12, width=320, progress=lambda *n: told.append(n))
    assert (made.frames, made.skipped, made.seconds) == (COUNT, 0, 2.0)
    assert told == [(n + 1, COUNT) for n in range(COUNT)]
    shown = frames(made.path)
    assert len(shown) == COUNT and shown[0].size == (320, 240)
    shades = [brightness(picture) for picture in shown]
    assert shades == sorted(shades) and shades[-1] - shades[0] > 150
    with av.open(str(made.path)) as film:
        stream = film.streams.video[0]
        assert (stream.codec_context.name, stream.average_rate) == ("h264", 12)
        assert stream.codec_context.pix_fmt == "yuv420p"


def test_a_webp_is_animated_and_goes_round(bucket, tmp_path):
    made = make(bucket, tmp_path / "a.webp", fps=10, width=160)
    with Image.open(made.path) as picture:
        assert (picture.format, picture.n_frames, picture.size) == ("WEBP", COUNT, (160, 120))
        assert picture.info["loop"] == 0
        picture.seek(1)
        picture.load()
        assert picture.info["duration"] == 100


def test_the_time_is_burnt_in_only_when_wanted(bucket, tmp_path):
    plain = frames(make(bucket, tmp_path / "a.mp4", width=320).path)[5]
    stamped = frames(make(bucket, tmp_path / "b.mp4", width=320, stamp=tz.UTC).path)[5]
    corner = (0, 200, 200, 240)
    assert stamped.crop(corner).convert("L").getextrema()[1] > 200
    assert plain.crop(corner).convert("L").getextrema()[1] < 150


def test_damaged_and_deleted_photos_are_left_out_and_counted(s3, bucket, tmp_path):
    keys = sorted(s3.objects)
    s3.put(keys[0], b"\xff\xd8 cut")
    s3.put(keys[7], s3.objects[keys[7]][0][:500])
    made = make(bucket, tmp_path / "a.mp4", width=320)
    assert (made.frames, made.skipped) == (COUNT - 2, 2)
    assert len(frames(made.path)) == COUNT - 2


def test_an_archived_photo_is_left_out_and_counted(s3, bucket, tmp_path):
    s3.archived |= {sorted(s3.objects)[0], sorted(s3.objects)[9]}
    made = make(bucket, tmp_path / "a.mp4", width=320)
    assert (made.frames, made.skipped) == (COUNT - 2, 2)
    s3.archived |= set(s3.objects)
    with pytest.raises(TimelapseError, match="damaged, deleted or archived"):
        make(bucket, tmp_path / "b.mp4", width=320)


def test_photos_of_another_size_are_fitted_in(s3, bucket, tmp_path):
    s3.put(sorted(s3.objects)[3], jpeg(200, size=(200, 300)))
    made = make(bucket, tmp_path / "a.mp4", width=321)
    assert {picture.size for picture in frames(made.path)} == {(320, 240)}


def test_odd_sizes_become_even_as_h264_wants(s3, bucket, tmp_path):
    for key in s3.objects:
        s3.put(key, jpeg(100, size=(333, 251)))
    assert frames(make(bucket, tmp_path / "a.mp4", width=333).path)[0].size == (332, 250)


def test_one_photo_every_two_minutes_is_one_photo_every_two_minutes(bucket):
    chosen = timelapse.choose(bucket, "cam1", START, START + timedelta(hours=1), 120)
    assert [(p.taken - START).total_seconds() for p in chosen] == [120 * n for n in range(6)]


def test_one_photo_a_day_of_a_million_asks_for_those_photos_alone(s3, bucket):
    s3.keys = EveryThirtySeconds("cam1", at("2025-12-12T00:00:00"), 1_000_000)
    s3.filler = jpeg()
    first = at("2026-01-01T12:00:00")
    chosen = timelapse.choose(bucket, "cam1", first, first + timedelta(days=90), 86_400)
    assert [photo.taken.hour for photo in chosen] == [12] * 90
    assert len(s3.asked) == 91


@pytest.mark.parametrize("after", [0, 5])
def test_cancelling_leaves_nothing_on_the_disk(bucket, tmp_path, after):
    done = []
    with pytest.raises(CancelledError):
        make(
            bucket,
            tmp_path / "a.mp4",
            progress=lambda *n: done.append(n),
            cancelled=lambda: len(done) >= after,
        )
    assert list(tmp_path.iterdir()) == []
    assert len(done) == after


def test_a_store_that_goes_away_in_the_middle_leaves_nothing_on_the_disk(s3, bucket, tmp_path):
    def progress(done, total):
        if done == 4:
            s3.stop()

    with pytest.raises(timelapse.MegacamError, match="network"):
        make(bucket, tmp_path / "a.mp4", progress=progress)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"end": START}, "not after the start"),
        ({"path": "a.avi"}, r"\.mp4 or \.webp"),
        ({"fps": 0}, "fps 0"),
        ({"width": 9000}, "width 9000"),
        ({"end": START + timedelta(seconds=-30)}, "not after"),
    ],
)
def test_what_cannot_be_made_is_refused_with_the_reason(bucket, tmp_path, options, words):
    path = tmp_path / options.pop("path", "a.mp4")
    with pytest.raises(TimelapseError, match=words):
        make(bucket, path, **options)


def test_a_span_without_photos_says_so(bucket, tmp_path):
    with pytest.raises(TimelapseError, match="cam2 has no photos"):
        timelapse.make(bucket, "cam2", START, START + timedelta(hours=1), tmp_path / "a.mp4")
