"""The simulated camera's scenes: the drawn lake with its clock, and the user's own pictures."""

import io
import math
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone

import pytest
from megacam.sim.scene import PicturesError, draw, photos
from PIL import Image, ImageChops, ImageStat

EVENING = datetime(2026, 7, 14, 18, 30)
# The clock at 1600x1200, in pixels.
CLOCK_CENTRE = 328, 452
CLOCK_RADIUS = 62


def mean(image):
    return sum(ImageStat.Stat(image.convert("L")).mean)


def hands(image, radius):
    """Return the minutes (0 to 59.5) at which the clock's face is black at `radius`, a fraction.

    The second hand is red, so in the red channel it is as bright as the face.
    """
    seen = set()
    for half_minute in range(120):
        angle = 2 * math.pi * half_minute / 120
        x = CLOCK_CENTRE[0] + CLOCK_RADIUS * radius * math.sin(angle)
        y = CLOCK_CENTRE[1] - CLOCK_RADIUS * radius * math.cos(angle)
        if image.getpixel((round(x), round(y)))[0] < 110:
            seen.add(half_minute / 2)
    return seen


def near(direction, other):
    return min((direction - other) % 60, (other - direction) % 60) <= 1.5


@pytest.mark.parametrize(
    "size", [(96, 96), (128, 128), (320, 240), (640, 480), (1280, 720), (1920, 1080), (2592, 1944)]
)
def test_it_is_drawn_at_every_size_of_the_camera(size):
    picture = draw(*size, EVENING)
    assert (picture.size, picture.mode) == (size, "RGB")


def test_the_same_moment_gives_the_same_picture():
    assert draw(320, 240, EVENING).tobytes() == draw(320, 240, EVENING).tobytes()


@pytest.mark.parametrize("hour", range(0, 24, 3))
def test_two_seconds_later_something_has_visibly_moved(hour):
    moment = EVENING.replace(hour=hour)
    before, after = (draw(640, 480, moment + timedelta(seconds=s)).reduce(2) for s in (0, 2))
    moved = (
        ImageChops.difference(before, after).convert("L").point(lambda value: 255 * (value > 40))
    )
    assert sum(moved.histogram()[1:]) > 100


@pytest.mark.parametrize(("hour", "minute"), [(9, 15), (13, 52), (18, 30), (22, 7), (4, 38)])
def test_the_clock_shows_the_moment(hour, minute):
    picture = draw(1600, 1200, EVENING.replace(hour=hour, minute=minute))
    long_hand, both = hands(picture, 0.60), hands(picture, 0.42)
    short_hand = (hour + minute / 60) % 12 * 5
    assert long_hand
    assert all(near(seen, minute) for seen in long_hand)
    assert any(near(seen, short_hand) for seen in both)
    assert all(near(seen, minute) or near(seen, short_hand) for seen in both)


def test_noon_is_bright_and_midnight_is_dark():
    noon, midnight = (mean(draw(160, 120, EVENING.replace(hour=hour))) for hour in (12, 0))
    assert noon > 3 * midnight > 15


def test_every_size_shows_the_same_composition():
    small = draw(320, 240, EVENING)
    large = draw(1600, 1200, EVENING).resize(small.size, Image.Resampling.BOX)
    assert mean(ImageChops.difference(small, large)) < 8


def test_only_the_hour_on_the_wall_counts_not_the_time_zone():
    tokyo = EVENING.replace(tzinfo=timezone(timedelta(hours=9)))
    assert draw(96, 96, tokyo).tobytes() == draw(96, 96, EVENING).tobytes()


def test_a_photo_weighs_what_a_cameras_does():
    file = io.BytesIO()
    draw(1600, 1200, EVENING).save(file, "JPEG", quality=82)
    assert 150_000 < len(file.getvalue()) < 500_000


def test_it_is_drawn_in_a_fraction_of_a_second():
    draw(1600, 1200, EVENING)
    used_s = []
    for hour in (6, 12, 22):
        start_s = time.process_time()
        draw(1600, 1200, EVENING.replace(hour=hour))
        used_s.append(time.process_time() - start_s)
    assert min(used_s) < 0.6


def test_the_command_writes_a_photo(tmp_path):
    file = tmp_path / "photo.jpg"
    command = [sys.executable, "-m", "megacam.sim.scene", "--hour", "6", "--size", "160x120"]
    subprocess.run([*command, str(file)], check=True, timeout=30)
    with Image.open(file) as picture:
        assert (picture.size, picture.format) == ((160, 120), "JPEG")


@pytest.mark.parametrize("option", [("--hour", "24"), ("--size", "160"), ("--size", "0x9")])
def test_the_command_refuses_what_it_cannot_draw(option, tmp_path):
    command = [sys.executable, "-m", "megacam.sim.scene", *option, str(tmp_path / "photo.jpg")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    assert f"{option[1]} is not" in done.stderr


def save(folder, name, colour, size=(60, 40), **options):
    Image.new("RGB", size, colour).save(folder / name, **options)


def colour_of(picture):
    return max(
        zip(picture.resize((1, 1)).getpixel((0, 0)), ("red", "green", "blue"), strict=True)
    )[1]


def test_own_pictures_come_in_turn_by_name(tmp_path):
    save(tmp_path, "2.jpg", "lime")
    save(tmp_path, "1.png", "red")
    save(tmp_path, "3.webp", "blue")
    scene = photos(tmp_path)
    colours = [colour_of(scene(32, 24, EVENING)) for _ in range(4)]
    assert colours == ["red", "green", "blue", "red"]


def test_an_own_picture_fills_the_wanted_aspect_and_is_not_distorted(tmp_path):
    wide = Image.new("RGB", (400, 100), "red")
    wide.paste("blue", (150, 0, 250, 100))
    wide.save(tmp_path / "wide.png")
    shown = photos(tmp_path)(64, 64, EVENING)
    assert shown.size == (64, 64)
    assert all(shown.getpixel(place)[2] > 250 for place in ((2, 2), (61, 61), (32, 32)))


@pytest.mark.parametrize("size", [(48, 64), (96, 96), (640, 480)])
def test_an_own_picture_is_turned_upright(tmp_path, size):
    lying = Image.new("RGB", (1200, 900), "red")
    lying.paste("blue", (0, 0, 600, 900))
    exif = Image.Exif()
    exif[0x0112] = 6  # the top of the picture is at its right
    lying.save(tmp_path / "turned.jpg", exif=exif)
    shown = photos(tmp_path)(*size, EVENING)
    upper = shown.crop((0, 0, size[0], size[1] // 3))
    lower = shown.crop((0, size[1] * 2 // 3, *size))
    assert (shown.size, colour_of(upper), colour_of(lower)) == (size, "blue", "red")


def test_what_is_no_picture_or_damaged_is_passed_over(tmp_path):
    save(tmp_path, "b.jpg", "lime", size=(400, 300))
    (tmp_path / "a.jpg").write_bytes((tmp_path / "b.jpg").read_bytes()[:700])
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "folder.jpg").mkdir()
    scene = photos(tmp_path)
    assert [colour_of(scene(32, 24, EVENING)) for _ in range(3)] == ["green"] * 3


def test_a_folder_without_pictures_is_refused_by_name(tmp_path):
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(PicturesError, match=r"has no picture that can be read; put JPEG"):
        photos(tmp_path)
    with pytest.raises(PicturesError, match=r"there is no folder .*missing"):
        photos(tmp_path / "missing")


def test_a_folder_with_only_damaged_pictures_is_refused_too(tmp_path):
    save(tmp_path, "a.jpg", "lime", size=(400, 300))
    (tmp_path / "a.jpg").write_bytes((tmp_path / "a.jpg").read_bytes()[:700])
    scene = photos(tmp_path)
    with pytest.raises(PicturesError, match="has no picture that can be read"):
        scene(32, 24, EVENING)
