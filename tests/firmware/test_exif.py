"""EXIF as Pillow, exiftool and exiv2 read it: of blocks, and of photos from a simulated board."""

import datetime
import io
import json
import time
import zoneinfo

import exif
import exif_block
import exif_oracles
import pytest
from any_speed import ANY_SPEED
from app_rig import NOON, board, run
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from firmware import __version__
from firmware.shot import time_zone

pytestmark = exif_oracles.needed
_BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"
_DOWN = ("connect", 0, "retry", {})


def _jpeg():
    made = io.BytesIO()
    Image.new("RGB", (64, 48), "red").save(made, "JPEG")
    return made.getvalue()


JPEG = _jpeg()


def _photo(block):
    return JPEG[:2] + bytes(block) + JPEG[2:]


def _filled(block, number, taken, zone, comment=b""):
    """Fill `block` as the board does; `taken` is None or UTC seconds since 1970."""
    if taken is None:
        exif.fill(block, number, None, 0, None, comment)
    else:
        offset_s = time_zone.find(taken, zone)[2]
        local, utc = time.gmtime(taken + offset_s)[:6], time.gmtime(taken)[:6]
        exif.fill(block, number, local, offset_s // 60, utc, comment)
    return block


@pytest.mark.parametrize(
    ("taken", "zone", "date", "offset"),
    [
        (NOON, "UTC0", "2026:11:24 12:00:00", "+00:00"),
        (NOON, _BERLIN, "2026:11:24 13:00:00", "+01:00"),
        (1793494799, _BERLIN, "2026:11:01 01:59:59", "+01:00"),
        (1806195599, _BERLIN, "2027:03:28 01:59:59", "+01:00"),
        (1806195600, _BERLIN, "2027:03:28 03:00:00", "+02:00"),
        (1824944399, _BERLIN, "2027:10:31 02:59:59", "+02:00"),
        (1824944400, _BERLIN, "2027:10:31 02:00:00", "+01:00"),
        (NOON, "IST-5:30", "2026:11:24 17:30:00", "+05:30"),
        (NOON, "NST3:30NDT,M3.2.0,M11.1.0", "2026:11:24 08:30:00", "-03:30"),
        (None, _BERLIN, ":  :     :  :", ":"),
    ],
    ids=["utc", "winter", "autumn", "before", "summer", "twice", "again", "half", "west", "never"],
)
def test_the_time_is_read_the_same_by_all(taken, zone, date, offset, tmp_path):
    block = exif_block.build(("Barn", "A", "B", "C"), "cam1", (1, 1), 0)
    read = exif_oracles.read(_photo(_filled(block, 42, taken, zone)), tmp_path)
    assert (read["date"], read["offset"], read["id"]) == (date, offset, "cam1-0000000042")
    utc = taken and datetime.datetime.fromtimestamp(taken, datetime.timezone.utc)
    assert read["gps date"] == (f"{utc:%Y:%m:%d}" if utc else ":  :")
    assert read["gps time"] == (f"{utc:%H:%M:%S}" if utc else "")


_NAMES = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=64)
_LATITUDES = st.integers(-90_000_000, 90_000_000)
_LONGITUDES = st.integers(-180_000_000, 180_000_000)


@settings(max_examples=25, **ANY_SPEED)
@given(
    name=_NAMES,
    position=st.none() | st.tuples(_LATITUDES, _LONGITUDES),
    comment=st.text("abc 12.,°"[:8], max_size=64).map(str.strip),
    number=st.integers(0, 4_294_967_295),
    taken=st.none() | st.integers(NOON, 4_102_444_799),
)
def test_whatever_is_in_the_block_is_read_the_same_by_all(
    name, position, comment, number, taken, tmp_path_factory
):
    texts = (name, "Arducam", "Mega 5MP V2", "megacam 9.9.9")
    block = exif_block.build(texts, "north-field-2", position, 64)
    _filled(block, number, taken, _BERLIN, comment.encode())
    read = exif_oracles.read(_photo(block), tmp_path_factory.mktemp("exif"))
    assert (read["description"], read["make"], read["model"], read["software"]) == texts
    assert (read["id"], read["comment"]) == (f"north-field-2-{number:010}", comment)
    if taken:
        zone = zoneinfo.ZoneInfo("Europe/Berlin")
        local = datetime.datetime.fromtimestamp(taken, zone)
        assert read["date"] == f"{local:%Y:%m:%d %H:%M:%S}"
        assert read["offset"].replace(":", "") == f"{local:%z}"
    if position is None:
        assert not {"latitude", "longitude", "gps time", "gps date"} & set(read)
    else:
        latitude, longitude = position
        assert (read["latitude"], read["longitude"]) == (abs(latitude), abs(longitude))
        assert (read["north"], read["east"]) == (
            "S" if latitude < 0 else "N", "W" if longitude < 0 else "E"
        )  # fmt: skip


# On a simulated board, whose clock counts from 2000 as the ESP32's does.

_PLACE = {"name": "Zürich · Dach", "latitude": -47.123456, "longitude": 8.5}
_CONFIG = {"location": _PLACE, "schedule": {"timezone": _BERLIN}, "sensor": {"function": "s:read"}}
_SETUP = """
import os
if "lib" not in os.listdir("/"):
    os.mkdir("/lib")
with open("/lib/s.py", "w") as f:
    f.write("def read():\\n    return '21.5 \\u00b0C'")
def exif_app(**more):
    a = app(**more)
    a.sensor = {"function": "s:read", "limit_ms": 3000}
    a.exif, a.zone = call("start.exif", "build", a.camera)
    return a
"""


def _sent(told):
    """Return {sequence number: (key, EXIF block)} of the stored photos."""
    return {
        int(put["key"][-10:-4]): (put["key"], bytes.fromhex(put["exif"]))
        for put in told.all("put")
        if put.get("exif")
    }


@pytest.fixture
def exif_board(tmp_path):
    with board(tmp_path, _CONFIG) as made:
        yield made


def test_a_photo_of_the_board_says_what_the_settings_and_the_sensor_say(exif_board, tmp_path):
    told = run(exif_board, _SETUP + "shoot(exif_app(), 2)")
    key, block = _sent(told)[2]
    read = exif_oracles.read(_photo(block), tmp_path)
    assert read == {
        "description": "Zürich · Dach",
        "make": "Arducam",
        "model": "Mega 3MP",
        "software": f"megacam {__version__}",
        "date": "2026:11:24 13:00:30",
        "offset": "+01:00",
        "comment": "21.5 ?C",
        "id": "cam1-0000000002",
        "north": "S",
        "latitude": 47_123_456,
        "east": "E",
        "longitude": 8_500_000,
        "gps time": "12:00:30",
        "gps date": "2026:11:24",
    }
    assert key == "cam1/2026/11/24/120030-000002.jpg"


def test_the_offset_changes_with_the_clocks_and_is_computed_once_for_each_change(exif_board):
    told = run(
        exif_board, _SETUP + "a = exif_app(at=1806195540)\nshoot(a, 4)\n"
        "import os\nos.remove('/a/config.json')\nshoot(a)"
    )  # fmt: skip
    times = [block[18:44].decode() for _, block in _sent(told).values()]
    assert times == [
        "2027:03:28 01:59:00\0+01:00",
        "2027:03:28 01:59:30\0+01:00",
        "2027:03:28 03:00:00\0+02:00",
        "2027:03:28 03:00:30\0+02:00",
        "2027:03:28 03:01:00\0+02:00",
    ]


def test_a_zone_that_cannot_be_computed_costs_the_date_and_not_the_photo(exif_board):
    told = run(
        exif_board, _SETUP + "a = exif_app()\nimport os\nos.rename('/a/config.json', '/gone')\n"
        "shoot(a)\nos.rename('/gone', '/a/config.json')\nshoot(a)"
    )  # fmt: skip
    first, second = [block[18:28] for _, block in _sent(told).values()]
    assert first.strip() == b":  :" and second == b"2026:11:24"
    assert len(told.said("E app work failed")) == 1


def test_a_photo_that_is_taken_again_has_its_own_number(exif_board):
    cut = ("reset", 0, "retry", {"body": 1200})
    told = run(exif_board, _SETUP + f"shoot(exif_app(script=[{cut!r}]))")
    first, second = [bytes.fromhex(put["exif"]) for put in told.all("put")]
    assert b"cam1-0000000001\0" in first and b"cam1-0000000002\0" in second
    assert len(told.all("stored")) == 1


def test_a_photo_without_a_date_gets_it_when_it_is_sent_and_its_file_stays(exif_board, tmp_path):
    told = run(
        exif_board, _SETUP + """
import os
a = exif_app(at=0)
shoot(a, 2)
def files():
    kept = [name for name in os.listdir("/spool") if "-" in name]
    return [sha256(open("/spool/" + name, "rb").read()).digest() for name in kept]
before = files()
cut = open("/spool/" + [n for n in os.listdir("/spool") if "-" in n][0], "rb").read(200)
tell("waits", exif=hexlify(cut).decode())
set_time(NOON, 0)
a.uploader.is_time_known = True
call("tasks.date", "do", a)
assert files() == before
drain(a)
""")  # fmt: skip
    waits = bytes.fromhex(told.all("waits")[0]["exif"])
    assert waits[20:47] == b"    :  :     :  :  \0   :  \0"
    sent = _sent(told)
    assert len(sent) == 2
    for number, (key, block) in sent.items():
        read = exif_oracles.read(_photo(block), tmp_path)
        utc = datetime.datetime.strptime(key, f"cam1/%Y/%m/%d/%H%M%S-{number:06}.jpg")
        assert read["gps date"] + read["gps time"] == f"{utc:%Y:%m:%d%H:%M:%S}"
        local = utc + datetime.timedelta(hours=1)
        assert (read["date"], read["offset"]) == (f"{local:%Y:%m:%d %H:%M:%S}", "+01:00")
        assert (read["comment"], read["id"]) == ("21.5 ?C", f"cam1-{number:010}")


def test_a_photo_that_waits_with_its_date_is_sent_as_it_was_kept(exif_board):
    told = run(
        exif_board, _SETUP + f"a = exif_app(connects={[_DOWN] * 3})\nshoot(a)\n"
        "time.sleep_ms(86400000)\ndrain(a)"
    )  # fmt: skip
    [(key, block)] = _sent(told).values()
    assert block[18:28] == b"2026:11:24" and key.startswith("cam1/2026/11/24/1200")


def test_without_the_setting_photos_are_the_cameras_own_and_nothing_is_kept(tmp_path):
    with board(tmp_path, {**_CONFIG, "photo": {"exif": False}}) as plain:
        told = run(plain, _SETUP + "a = exif_app()\nshoot(a)\ntell('none', it=a.exif)")
    assert told.all("none")[0]["it"] is None and not _sent(told)


@pytest.mark.parametrize(
    ("written", "millionths"),
    [
        ("47.123456", 47_123_456), ("-8.5", -8_500_000), ("180", 180_000_000), ("-0.000001", -1),
        ("1e-05", 10), ("1.2345678", 1_234_568), ("-1.0000004", -1_000_000), ("-9E1", -90_000_000),
    ],
)  # fmt: skip
def test_a_position_keeps_all_its_digits(written, millionths):
    from firmware.start.exif import _millionths

    for text in (f'{{"latitude": {written}, "b": 1}}', f'{{"a": 1, "latitude":{written}}}'):
        assert _millionths(text.encode(), b'"latitude"') == millionths


def test_a_name_that_looks_like_a_setting_is_a_name():
    from firmware.start.exif import _millionths

    text = json.dumps({"location": {"name": '"latitude": 5', "latitude": 7.5}})
    assert _millionths(text.encode(), b'"latitude"') == 7_500_000
