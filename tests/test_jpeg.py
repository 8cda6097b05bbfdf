"""lib/jpeg.py on real JPEGs, as Pillow makes them."""

import io
import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jpeg import JPEGBody, JPEGError
from PIL import Image

BLOCK = 4092


def _photo(**options):
    random.seed(1)
    noise = Image.frombytes("RGB", (160, 120), random.randbytes(160 * 120 * 3))
    out = io.BytesIO()
    noise.resize((640, 480)).save(out, "JPEG", **options)
    return out.getvalue()


def _with_thumbnail():
    exif = Image.Exif()
    exif[0x010F] = "x" * 5000  # longer than a block
    thumbnail = _photo(quality=10)[:20000]
    return _photo(exif=exif, comment=thumbnail)


class _File:
    def __init__(self, data):
        self.size = len(data)
        self._file = io.BytesIO(data)

    def readinto(self, buf):
        return self._file.readinto(buf)


def _through(data, block=BLOCK):
    body, out = JPEGBody(_File(data)), bytearray()
    buf = bytearray(block)
    while count := body.readinto(buf):
        out += buf[:count]
    return bytes(out)


@pytest.fixture(autouse=True)
def after_a_reset(monkeypatch):
    # Whatever a damaged photo of another test has taught the class in this process.
    monkeypatch.setattr(JPEGBody, "tail_bytes", 1)


PHOTOS = {
    "baseline": _photo(quality=85),
    "progressive": _photo(quality=85, progressive=True),
    "with restart markers": _photo(quality=85, restart_marker_blocks=4),
    "with thumbnail": _with_thumbnail(),
}


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize(
    "padding", [b"", b"\0" * 7, b"\0" * 250, b"\0" * 1023, b"\0" * 4090, b"ju\xff\xd9nk" * 1000]
)
def test_a_real_photo_passes_unchanged(name, padding):
    data = PHOTOS[name] + padding
    assert _through(data) == data


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize("padding", [b"\0" * 5000, b"junk" * 1250])
def test_a_camera_with_long_padding_costs_its_first_photo_only(name, padding):
    data = PHOTOS[name] + padding
    with pytest.raises(JPEGError, match="no end marker"):
        _through(data)
    assert _through(data) == data
    assert _through(data) == data
    with pytest.raises(JPEGError, match="no end marker"):
        _through(PHOTOS[name][:-2] + padding)


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_a_real_photo_cut_anywhere_is_refused(name, share):
    data = PHOTOS[name]
    with pytest.raises(JPEGError):
        _through(data[: int(len(data) * share)])


@pytest.mark.parametrize("shift", range(-3, 4))
def test_an_end_marker_on_a_block_boundary_is_seen(shift):
    photo = PHOTOS["baseline"]
    filler = (shift - len(photo) - 4) % BLOCK
    comment = b"\xff\xfe" + (filler + 2).to_bytes(2, "big") + bytes(filler)
    data = photo[:2] + comment + photo[2:]
    assert (len(data) - shift) % BLOCK == 0
    assert _through(data + bytes(9)) == data + bytes(9)


_ANY = st.binary(max_size=90)


@given(
    st.lists(_ANY.map(lambda data: data + b"\xff\xd9")),
    _ANY,
    st.sampled_from([b"\xff\xd9", b"\xff", b""]),
    _ANY,
    st.integers(4, 120),
)
@example([b"\xff\xd9"], b"", b"", b"", 7)  # on the border of two blocks, but of the header
def test_a_photo_passes_if_its_end_marker_is_in_the_last_buffer_of_it(
    segments, picture, end, padding, block
):
    JPEGBody.tail_bytes = 1
    data = b"\xff\xd8"
    for segment in [*segments, None]:
        data += b"\xff\xda\x00\x02" if segment is None else b"\xff\xe1"
        data += b"" if segment is None else (len(segment) + 2).to_bytes(2, "big") + segment
    begin = len(data)
    data += picture.replace(b"\xff", b"\xfe") + end + padding
    if data.find(b"\xff\xd9", max(begin, len(data) - block)) >= 0:
        assert _through(data, block) == data
    else:
        with pytest.raises(JPEGError, match="no end marker"):
            _through(data, block)
