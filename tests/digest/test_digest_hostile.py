"""Photos and indexes that somebody made to do harm cost themselves, never the hour."""

import contextlib
import copy
import functools
import io
import json
import struct
from datetime import timedelta

import pytest
from any_speed import ANY_SPEED
from digest_rig import PLAIN, Client, digest, fill, read
from gallery_wire import WireS3, at, jpeg, key_of
from hypothesis import given, settings
from hypothesis import strategies as st
from megacam.digest import index, names
from megacam.digest.hour import Wishes
from PIL import Image

NOON = at("2026-11-23T12:00")
HOUR = "cam1/_digest/2026/11/23/12/index.json"
DAY = "cam1/_digest/2026/11/23/day.json"


def _with_size(data, width, height):
    at_frame = data.index(b"\xff\xc0")
    return data[: at_frame + 5] + struct.pack(">HH", height, width) + data[at_frame + 9 :]


def _progressive():
    made = io.BytesIO()
    Image.new("RGB", (320, 240)).save(made, "JPEG", progressive=True)
    return made.getvalue()


def _scans(data):
    start = data.index(b"\xff\xda")
    return data[:-2] + data[start:-2] * 20 + data[-2:]


def _mpf(data):
    """Return a JPEG with a block of several pictures whose entries lead nowhere."""
    body = b"MPF\x00MM\x00*\x00\x00\x00\x08\xff\xff" + b"\xb0\x02\x00\x07\xff\xff\xff\xff" * 8
    return data[:2] + b"\xff\xe2" + struct.pack(">H", len(body) + 2) + body + data[2:]


GOOD = jpeg(120)
HOSTILE = {
    "empty": b"",
    "no-jpeg": b"GIF89a" + bytes(100),
    "half": GOOD[: len(GOOD) // 2],
    "head-only": GOOD[:300],
    "65535": _with_size(GOOD, 65535, 65535),
    "no-width": _with_size(GOOD, 0, 240),
    "progressive": _progressive(),
    "scans": _scans(GOOD),
    "comments": GOOD[:2] + (b"\xff\xfe\xff\xff" + bytes(65533)) * 70 + GOOD[2:],
    "pictures-within": _mpf(GOOD),
    "9-mb": GOOD + bytes(9 << 20),
}


@pytest.mark.parametrize("film", [False, True], ids=["", "film"])
def test_a_hostile_photo_is_noted_and_its_neighbours_are_there(film):
    with WireS3() as s3:
        good = fill(s3, NOON, 2, 3000)
        for number, data in enumerate(HOSTILE.values(), 10):
            s3.put(key_of("cam1", NOON + timedelta(seconds=60 * number), number), data)
        result = digest(s3, wishes=Wishes(film=film))
        rows = {one["key"]: one for one in read(s3, HOUR)["photos"]}
        assert len(rows) == len(HOSTILE) + 2 and result.hours_made == 1
        assert all("cell" in rows[key] for key in good)
        refused = [one for one in rows.values() if "refused" in one]
        assert len(refused) >= len(HOSTILE) - 2
        assert all("cell" not in one for one in refused)
        assert len(read(s3, DAY)["refused"]) == len(refused)
        assert digest(s3, wishes=Wishes(film=film)).hours_made == 0


def test_whatever_the_decoder_raises_is_that_photo_s_trouble(monkeypatch):
    with WireS3() as s3:
        fill(s3, NOON, 1)
        s3.put(key_of("cam1", NOON + timedelta(minutes=5), 7), jpeg(9, size=(640, 480)))
        # Pillow's own guard raises an error that is neither OSError nor ValueError.
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 320 * 240)
        digest(s3)
        first, second = read(s3, HOUR)["photos"]
        assert "cell" in first
        assert second["refused"] == "the photo cannot be decoded (DecompressionBombError)"


def test_an_hour_of_nothing_but_rubbish_has_an_index_and_no_pictures():
    with WireS3() as s3:
        for number in range(3):
            s3.put(key_of("cam1", NOON + timedelta(minutes=number), number), b"rubbish")
        digest(s3, wishes=Wishes())
        made = read(s3, HOUR)
        assert (made["sprites"], made["keogram"], made["film"]) == ([], None, None)
        assert read(s3, DAY)["keogram"] is None


def test_metadata_of_any_length_fill_no_index():
    with WireS3() as s3:
        key = key_of("cam1", NOON, 1)
        s3.objects[key] = (GOOD, {f"field{n}": "x" * 1000 for n in range(60)})
        digest(s3)
        assert len(s3.objects[HOUR][0]) < 20_000


def test_a_photo_that_is_deleted_meanwhile_is_noted():
    with WireS3() as s3:
        keys = fill(s3, NOON, 3)

        def delete(number, operation):
            if operation == "list_objects_v2":
                s3.objects.pop(keys[1], None)

        digest(s3, client=Client(s3.client(), delete, after=True))
        photos = read(s3, HOUR)["photos"]
        assert ["refused" in one for one in photos] == [False, True, False]


@pytest.mark.parametrize("planted", [b"", b"[]", b"{}", b'{"format": 1}', b'{"format": 9}',
                                     b"[" * 100_000])  # fmt: skip
@pytest.mark.parametrize("key", [HOUR, DAY])
def test_an_index_that_is_none_is_replaced(planted, key):
    with WireS3() as s3:
        keys = fill(s3, NOON, 2)
        s3.put(key, planted)
        digest(s3)
        assert [f"cam1/{row[0]}" for row in read(s3, DAY)["photos"]] == keys


def _day():
    with WireS3() as s3:
        fill(s3, NOON, 3)
        digest(s3, wishes=PLAIN)
        return read(s3, DAY), read(s3, HOUR)


@functools.cache
def _day_text():
    return json.dumps(_day()[0])


def test_an_index_names_only_photos_and_pieces_of_its_own_camera():
    day, hour = _day()
    assert len(index.parse_day("cam1", day).rows()) == 3
    assert len(index.parse_hour("cam1", hour).rows) == 3
    for change in (
        lambda d: d["photos"].__setitem__(
            0, ["../cam2/2026/11/23/120000-000000.jpg", 1, 0, 0, 0, 0]
        ),
        lambda d: d["photos"][0].__setitem__(3, 120),
        lambda d: d["photos"][0].__setitem__(3, -1),
        lambda d: d["photos"][0].__setitem__(2, 7),
        lambda d: d["hours"][0]["sprites"][0].__setitem__("key", "cam2/_digest/x"),
        lambda d: d["hours"][0]["sprites"][0].__setitem__("key", "cam1/2026/11/23/120000-0.jpg"),
        lambda d: d["hours"][0].__setitem__("start", "2026-11-23T12:30:00Z"),
        lambda d: d["hours"][0].__setitem__("start", "2026-11-23T13:00:00Z"),
        lambda d: d.__setitem__("keogram", {"key": "cam1/../x", "size": 1}),
    ):
        bad = copy.deepcopy(day)
        change(bad)
        with pytest.raises(index.BadIndexError):
            index.parse_day("cam1", bad)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda some: st.lists(some, max_size=3) | st.dictionaries(st.text(max_size=8), some),
    max_leaves=6,
)  # fmt: skip


@given(place=st.sampled_from(("day", "hours", "photos", "zone", "start", "end", "moments",
                              "refused", "keogram", "film", "over")),
       value=_JSON)  # fmt: skip
@settings(max_examples=300, **ANY_SPEED)
def test_no_json_at_all_is_more_than_a_bad_index(place, value):
    day = json.loads(_day_text())
    day[place] = value
    with contextlib.suppress(index.BadIndexError):
        index.parse_day("cam1", day)


def test_a_key_is_a_piece_only_as_we_write_it():
    for key, right in (
        ("cam1/_digest/2026/11/23/12/sprite-0123456789abcdef.jpg", True),
        ("cam1/_digest/2026/11/23/film-0123456789abcdef.mp4", True),
        ("cam1/_digest/2026/11/23/index.json", False),
        ("cam2/_digest/2026/11/23/12/sprite-0123456789abcdef.jpg", False),
        ("cam1/x/_digest/2026/11/23/12/sprite-0123456789abcdef.jpg", False),
        (None, False),
    ):
        assert names.is_piece("cam1", key) is right
