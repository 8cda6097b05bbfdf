"""Data that is no baseline JPEG of a camera's size is refused by its markers, before decoding."""

import io
import random
from pathlib import Path

import pytest
from gallery_wire import jpeg
from megacam.gallery import baseline
from megacam.gallery.baseline import check
from megacam.gallery.pictures import open_photo
from megacam.gallery.refusals import PhotoMissingError
from PIL import Image

PHOTO = Path(__file__).parents[2] / "docs" / "images" / "photo.jpg"
SOS, EOI, SOF0 = b"\xff\xda", b"\xff\xd9", b"\xff\xc0"


def saved(form="JPEG", size=(160, 120), mode="RGB", **options):
    made = io.BytesIO()
    Image.effect_noise(size, 60).convert(mode).save(made, form, **options)
    return made.getvalue()


def with_size(data, width, height):
    at = data.index(SOF0) + 5
    return data[:at] + height.to_bytes(2, "big") + width.to_bytes(2, "big") + data[at + 4 :]


def with_scans(data, count):
    """Repeat the last scan: a decoder processes the complete picture for each."""
    start, end = data.rindex(SOS), data.rindex(EOI)
    return data[:end] + data[start:end] * count + data[end:]


def test_a_photo_of_the_camera_is_let_through():
    data = PHOTO.read_bytes()
    assert check(data) == Image.open(PHOTO).size == (1600, 1200)


@pytest.mark.parametrize(
    "options",
    [
        {"mode": "L"}, {"subsampling": 0}, {"subsampling": 2}, {"optimize": True},
        {"restart_marker_blocks": 1}, {"restart_marker_rows": 1}, {"quality": 1},
        {"quality": 100}, {"icc_profile": b"x" * 150_000}, {"comment": b"\xff\xc2\xff\xda"},
        {"dpi": (72, 72)}, {"size": (1, 1)}, {"size": (2592, 1944)},
    ],
)  # fmt: skip
def test_every_way_to_write_a_baseline_jpeg_is_let_through(options):
    data = saved(**options)
    size = options.get("size", (160, 120))
    assert check(data) == size
    assert open_photo(data, 160).width == min(160, size[0])


def test_padding_and_filling_are_no_harm():
    data = jpeg(120)
    at = data.index(SOF0)
    assert check(data + b"\x00" * 3000) == check(data + b"\xff" * 3000) == (320, 240)
    assert check(data[:at] + b"\xff" * 9 + data[at:]) == (320, 240)


def test_what_exif_says_of_turning_is_not_followed():
    exif = Image.Exif()
    exif[0x0112] = 6
    data = saved(exif=exif)
    assert check(data) == (160, 120)
    assert open_photo(data, 160).size == (160, 120)


def test_a_progressive_file_of_thousands_of_scans_is_refused_at_its_header():
    made = io.BytesIO()
    Image.new("L", (2592, 1944), 128).save(made, "JPEG", progressive=True)
    data = with_scans(made.getvalue(), 4000)
    assert data.count(SOS) > 4000 and len(data) < 121_000
    with pytest.raises(PhotoMissingError, match="is progressive, not baseline"):
        open_photo(data, 320)
    # Nothing after the header is read: the header alone gives the same result.
    header = data[: data.index(b"\xff\xc2") + 4]
    with pytest.raises(PhotoMissingError, match="is progressive, not baseline"):
        check(header)


@pytest.mark.parametrize(
    ("marker", "words"),
    [
        (0xC1, "extended"), (0xC2, "progressive"), (0xC3, "lossless"), (0xC5, "FFC5"),
        (0xC9, "arithmetic"), (0xCA, "arithmetic"), (0xCC, "arithmetic"), (0xDE, "FFDE"),
        (0xF7, "FFF7"), (0x01, "FF01"), (0xD8, "FFD8"), (0xDC, "FFDC"),
    ],
)  # fmt: skip
def test_every_other_kind_of_jpeg_is_refused(marker, words):
    data = jpeg(120).replace(SOF0, bytes((0xFF, marker)), 1)
    with pytest.raises(PhotoMissingError, match=words):
        open_photo(data, 160)


def test_more_scans_than_colours_are_refused_and_as_many_are_not():
    data = saved(mode="L", size=(16, 16))
    assert check(with_scans(data, 2)) == (16, 16)
    for count in (3, 2000):
        with pytest.raises(PhotoMissingError, match="more than 3 scans"):
            open_photo(with_scans(data, count), 160)


def test_a_second_frame_is_refused():
    data = jpeg(120)
    start, end = data.index(SOF0), data.index(SOS)
    with pytest.raises(PhotoMissingError, match="FFC0"):
        open_photo(data[:end] + data[start:end] + data[end:], 160)


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ((65535, 65535), "65535 x 65535"), ((4001, 3000), "4001 x 3000"), ((8193, 8), "8193 x 8"),
        ((8, 8193), "8 x 8193"), ((0, 100), "no size"), ((100, 0), "no size"),
    ],
)  # fmt: skip
def test_a_header_that_claims_what_no_camera_takes_is_refused(size, words):
    with pytest.raises(PhotoMissingError, match=words):
        open_photo(with_size(jpeg(120), *size), 160)


def test_a_picture_of_other_colours_is_refused():
    with pytest.raises(PhotoMissingError, match="4 colours"):
        open_photo(saved(mode="CMYK"), 160)


def test_a_header_that_never_ends_is_refused():
    data = jpeg(120)
    for segment in (b"\xff\xfe\x00\x02", b"\xff\xe1\x00\x00"):
        with pytest.raises(PhotoMissingError, match="more than 64 segments"):
            open_photo(data[:2] + segment * 100_000 + data[2:], 160)


@pytest.mark.parametrize("form", ["PNG", "WEBP", "GIF", "BMP", "TIFF", "JPEG2000"])
def test_other_pictures_under_the_name_of_a_jpeg_are_refused(form):
    with pytest.raises(PhotoMissingError, match="does not start like one"):
        open_photo(saved(form), 160)


@pytest.mark.parametrize("data", [b"", b"\xff", b"\xff\xd8", b"\xff\xd8\xff", b"\xff\xd8 cut"])
def test_what_is_next_to_nothing_is_damaged(data):
    with pytest.raises(PhotoMissingError, match="damaged"):
        open_photo(data, 160)


def test_a_cut_or_flipped_photo_is_shown_or_refused_and_nothing_else():
    whole = saved(size=(48, 32), comment=b"hi", icc_profile=b"x" * 40)
    chance = random.Random(7)
    cases = [whole[:n] for n in range(len(whole))]
    for _ in range(3000):
        changed = bytearray(whole)
        for _ in range(chance.choice((1, 2, 8))):
            changed[chance.randrange(len(whole))] = chance.choice((0, 0xFF, chance.randrange(256)))
        cases.append(bytes(changed))
    shown = 0
    for data in cases:
        try:
            shown += open_photo(data, 32).width <= 32
        except PhotoMissingError as error:
            assert str(error).startswith("the photo is ")
    assert 0 < shown < len(cases)


def test_the_limits_hold_the_camera_s_largest_photo():
    assert 2592 * 1944 < baseline.PIXELS_LIMIT < 50_000_000
    assert baseline.SIDE_LIMIT > 2592
