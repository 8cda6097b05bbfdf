"""Pictures for the camera model: sizes, markers, real JPEGs that show the sensor's state."""

import io
from datetime import datetime

import pytest
from megacam.sim import frame_pictures
from megacam.sim.frame_sources import FixedFrames, Shot, jpeg_like, synthetic_frames
from PIL import Image

SHOT = Shot(1, 0)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 59, 60, 72, 73, 1000, 4092, 2_000_000])
def test_fixed_frames_have_exactly_their_size(size):
    photo = FixedFrames([size])(640, 480, "jpeg", "high", SHOT)
    assert len(photo) == size
    if size > 3:
        assert photo[:2] == b"\xff\xd8"
        assert photo[-2:] == b"\xff\xd9"
        assert photo.count(b"\xff\xd9") == 1


def test_fixed_frames_come_in_turn_and_differ():
    frames = FixedFrames([100, 200])
    photos = [frames(96, 96, "jpeg", "low", Shot(n, 0)) for n in range(3)]
    assert [len(photo) for photo in photos] == [100, 200, 100]
    assert photos[0] != photos[2]


def test_the_size_of_the_picture_is_in_the_start_of_frame():
    assert Image.open(io.BytesIO(jpeg_like(1000, 640, 480, 1))).size == (640, 480)


def test_a_thumbnail_brings_an_end_marker_of_its_own():
    photo = jpeg_like(2000, 640, 480, 1, thumbnail=True)
    assert len(photo) == 2000
    assert photo.count(b"\xff\xd9") == 2
    assert Image.open(io.BytesIO(photo)).size == (640, 480)


@pytest.mark.parametrize("format", ["rgb565", "yuv422"])
def test_synthetic_raw_frames_have_two_bytes_a_pixel(format):
    assert len(synthetic_frames(320, 240, format, "high", SHOT)) == 153_600


def test_synthetic_jpegs_are_larger_in_better_quality():
    sizes = [len(synthetic_frames(640, 480, "jpeg", q, SHOT)) for q in ("low", "medium", "high")]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[1] < sizes[2]


def painter(colour):
    return lambda width, height, moment: Image.new("RGB", (width, height), colour)


def pixel(colour, **shot):
    frames = frame_pictures.PaintedFrames(painter(colour), datetime(2026, 6, 1, 12))
    photo = frames(64, 48, "jpeg", "high", Shot(1, 0, **shot))
    image = Image.open(io.BytesIO(photo))
    assert image.size == (64, 48)
    return image.getpixel((32, 24))


def test_the_painter_gets_the_moment_of_the_shot():
    moments = []

    def paint(width, height, moment):
        moments.append(moment)
        return Image.new("RGB", (width, height))

    frames = frame_pictures.PaintedFrames(paint, datetime(2026, 6, 1, 12))
    frames(64, 48, "jpeg", "high", Shot(1, 30_000_000))
    assert moments == [datetime(2026, 6, 1, 12, 0, 30)]


def test_pictures_before_exposure_has_converged_are_dark():
    assert pixel((160, 160, 160)) == pytest.approx((160, 160, 160), abs=3)
    assert pixel((160, 160, 160), exposure=1 / 16) == pytest.approx((10, 10, 10), abs=3)


def test_pictures_before_white_balance_has_settled_are_green():
    red, green, blue = pixel((160, 160, 160), white_balanced=False)
    assert green > red + 30 > blue + 30


def test_levels_and_effects_can_be_seen():
    assert pixel((100, 100, 100), brightness=4)[0] > 140
    assert pixel((100, 100, 100), ev=-3)[0] < 75
    red, green, blue = pixel((200, 50, 50), effect=3)
    assert max(red, green, blue) - min(red, green, blue) < 5
    assert pixel((200, 200, 200), effect=5)[0] == pytest.approx(55, abs=3)


def test_rotation_turns_the_picture():
    image = Image.new("RGB", (8, 8))
    image.putpixel((0, 0), (255, 0, 0))
    turned = frame_pictures.develop(image, Shot(1, 0, rotated=True))
    assert turned.getpixel((7, 7)) == (255, 0, 0)


@pytest.mark.parametrize(
    ("colour", "word"),
    [((255, 0, 0), "f800"), ((0, 255, 0), "07e0"), ((0, 0, 255), "001f"), ((8, 4, 8), "0821")],
)
def test_rgb565_has_the_high_byte_first_and_red_on_top(colour, word):
    assert frame_pictures.rgb565(Image.new("RGB", (2, 1), colour)).hex() == word * 2


def test_yuv422_shares_colour_between_two_pixels():
    data = frame_pictures.yuyv(Image.new("RGB", (4, 2), (255, 0, 0)))
    assert len(data) == 16
    assert data[:4] == bytes((76, 85, 76, 255)) or data[3] in (254, 255)
    assert data == data[:4] * 4
