"""lib/jpeg.py on real JPEGs, made by Pillow."""

import io
import random

import pytest
from any_speed import ANY_SPEED
from each import each
from hypothesis import example, given, settings
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
    # Undo what the class has learned from a damaged photo of another test.
    monkeypatch.setattr(JPEGBody, "tail_bytes", 1)


PHOTOS = {
    "baseline": _photo(quality=85),
    "progressive": _photo(quality=85, progressive=True),
    "with restart markers": _photo(quality=85, restart_marker_blocks=4),
    "with thumbnail": _with_thumbnail(),
}


@each("name", PHOTOS)
@each("padding", [b"", b"\0" * 7, b"\0" * 250, b"\0" * 1023, b"\0" * 4090, b"ju\xff\xd9nk" * 1000])
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
_FILL = st.integers(0, 9)
_LEARNED = 8192  # bytes after the end marker, once a photo was refused because of them


def _end_of(data):
    """Return the offset of the end marker in a complete photo, or -1 without one (T.81, B.1)."""
    at = 2
    while True:
        assert data[at] == 0xFF
        while data[at + 1] == 0xFF:  # B.1.1.2: any number of fill bytes before a marker
            at += 1
        if data[at + 1] == 0xDA:
            return data.find(b"\xff\xd9", at + 4)
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")


def _built(segments, fills, picture, end, padding):
    data = b"\xff\xd8"
    for segment, fill in zip([*segments, None], fills, strict=False):
        data += b"\xff" * fill
        data += b"\xff\xda\x00\x02" if segment is None else b"\xff\xe1"
        data += b"" if segment is None else (len(segment) + 2).to_bytes(2, "big") + segment
    return data + picture.replace(b"\xff", b"\xfe") + end + padding


@settings(**ANY_SPEED)
@given(
    st.lists(_ANY.map(lambda data: data + b"\xff\xd9"), max_size=5),
    st.lists(_FILL, min_size=6, max_size=6),
    _ANY,
    st.sampled_from([b"\xff\xd9", b"\xff\xff\xff\xd9", b"\xff", b""]),
    _ANY,
    st.integers(4, 120),
)
@example([b"\xff\xd9"], [0] * 6, b"", b"", b"", 7)  # split between blocks, in the header
@example([], [0] * 6, b"", b"\xff\xd9", b"0123456789", 7)  # split, first half gone
def test_a_photo_passes_if_its_end_marker_is_in_the_last_buffer_of_it(
    segments, fills, picture, end, padding, block
):
    JPEGBody.tail_bytes = 1
    data = _built(segments, fills, picture, end, padding)
    last = data.rfind(b"\xff\xd9", _end_of(data)) if _end_of(data) >= 0 else -1
    # The last block with what is left of the one before, and the border before a full block.
    if last >= len(data) - block - (len(data) % block == 0) and last >= 0:
        assert _through(data, block) == data
    else:
        with pytest.raises(JPEGError, match="no end marker"):
            _through(data, block)


@settings(**ANY_SPEED)
@given(
    st.lists(_ANY, max_size=5),
    st.lists(_FILL, min_size=6, max_size=6),
    _ANY,
    st.sampled_from([b"\xff\xd9", b"\xff\xff\xff\xd9", b"\xff", b""]),
    st.integers(0, _LEARNED - 1).map(bytes),
    st.integers(4, 120) | st.just(BLOCK),
)
def test_once_padding_is_known_every_whole_photo_passes(
    segments, fills, picture, end, padding, block
):
    JPEGBody.tail_bytes = _LEARNED
    data = _built(segments, fills, picture, end, padding)
    if _end_of(data) >= 0:
        assert _through(data, block) == data
    else:
        with pytest.raises(JPEGError, match="no end marker"):
            _through(data, block)


@each("padding", [4090, 4091, 4092, 4093, 5000, 8181, 8182, 8183, 8191])
@each("shift", [-1, 0, 1, 2])
def test_an_end_marker_split_by_blocks_is_found_before_any_padding(shift, padding):
    photo = PHOTOS["baseline"]
    filler = (shift - len(photo) - 4) % BLOCK
    data = photo[:2] + b"\xff\xfe" + (filler + 2).to_bytes(2, "big") + bytes(filler) + photo[2:]
    assert len(data) % BLOCK == shift % BLOCK
    data += bytes(padding)
    try:
        _through(data)
    except JPEGError:
        # Padding longer than a buffer must be learned. With shift 1 the marker is split, and its
        # second half is in the last block.
        assert padding > 4090 and (shift, padding) != (1, 4091)
    for _ in range(2):
        assert _through(data) == data


@each("name", PHOTOS)
@each("fill", [1, 2, 3, 4, 5000])
@each("block", [4, 64, BLOCK])
def test_fill_bytes_before_every_marker_of_the_header_are_legal(name, fill, block):
    photo, out = PHOTOS[name], b"\xff\xd8"
    at = 2
    while photo[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(photo[at + 2 : at + 4], "big")
        out += b"\xff" * fill + photo[at:end]
        at = end
    data = out + b"\xff" * fill + photo[at:-2] + b"\xff" * fill + photo[-2:]
    Image.open(io.BytesIO(data)).load()
    assert _through(data, block) == data
    with pytest.raises(JPEGError, match="no end marker"):
        _through(data[:-2], block)
