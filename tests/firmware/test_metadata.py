"""shot/metadata.py on a simulated board: each x-amz-meta- header, live and from the spool."""

import datetime

from app_rig import BARN, DEVICE, NOON, run
from megacam import settings

_DOWN = ("connect", 0, "retry", {})
_PROBE = b"""
import time
def read():
    time.sleep_ms(2500)
    return "21.5 \\u00b0C"
def slow():
    time.sleep_ms(9000)
    return 1
"""
_SENSOR = """
import os
if "lib" not in os.listdir("/"):
    os.mkdir("/lib")
with open("/lib/probe.py", "wb") as f:
    f.write({probe!r})
a.sensor = {{"function": "probe:{function}", "limit_ms": 3000}}
a.location = "Z\\u00fcrich\\n, roof"
"""


def _sensor(function):
    return _SENSOR.format(probe=_PROBE, function=function)


def test_every_entry_of_a_live_photo(camera):
    told = run(camera, "a = app()\ntime.sleep_ms(5000)\n" + _sensor("read") + "shoot(a)")
    (put,) = told.all("put")
    (shot,) = told.all("shot")
    said = put["metadata"]
    assert put["is_in_order"]
    taken = datetime.datetime.strptime(said.pop("taken-at"), "%Y-%m-%dT%H:%M:%S%z")
    assert abs(taken.timestamp() - NOON - shot["up_s"]) <= 1
    assert int(said.pop("heap-free")) > 0
    assert abs(int(said.pop("uptime-s")) - shot["up_s"]) <= 1
    assert said == {
        "device": DEVICE,
        "version": settings.firmware_version(),
        "seq": "1",
        "clock-error-ms": "20",
        "camera": "0x82",
        "rssi-dbm": str(BARN["rssi"]),
        "location": "Z?rich?, roof",
        "reading": "21.5 ?C",
        "origin": "live",
    }
    # It is the time in the key, although reading the sensor took a while.
    assert put["key"] == f"{DEVICE}/{taken:%Y/%m/%d/%H%M%S}-000001.jpg"


def test_a_photo_from_the_spool_says_the_same_but_for_its_origin(camera):
    told = run(
        camera, f"a = app(connects={[_DOWN] * 3})\n" + _sensor("read") +
        "shoot(a)\ntime.sleep_ms(600000)\ndrain(a)"
    )  # fmt: skip
    (put,) = told.all("put")
    said = put["metadata"]
    assert put["is_in_order"]
    assert said["origin"] == "spool" and said["taken-at"] == "2026-11-24T12:00:00Z"
    assert said["reading"] == "21.5 ?C" and said["clock-error-ms"] == "20"
    assert set(said) == {
        "device", "version", "seq", "taken-at", "clock-error-ms", "camera", "rssi-dbm", "location",
        "reading", "origin", "heap-free", "uptime-s",
    }  # fmt: skip


def test_what_is_not_known_is_left_out(camera):
    told = run(
        camera, "a = app()\nwifi.off()\nshoot(a)\n"
        "join()\ndrain(a)"
    )  # fmt: skip
    assert set(told.all("put")[0]["metadata"]) == {
        "device", "version", "seq", "taken-at", "clock-error-ms", "camera", "origin", "heap-free",
        "uptime-s",
    }  # fmt: skip


def test_the_clocks_error_is_the_one_at_the_shot(camera):
    told = run(camera, "a = app()\nshoot(a)\ntime.sleep_ms(86400000)\nshoot(a)")
    errors = [int(put["metadata"]["clock-error-ms"]) for put in told.all("put")]
    assert errors[0] == 20 and 20 + 60 * 86400 // 1000 <= errors[1] < 6000


def test_a_clock_that_was_set_before_this_start_has_an_unknown_error(camera):
    told = run(camera, "a = app()\nclock.set_error_ms = None\nshoot(a)")
    said = told.all("put")[0]["metadata"]
    assert (said["clock-error-ms"], said["taken-at"]) == ("unknown", "2026-11-24T12:00:00Z")


def test_a_sensor_that_is_too_slow_is_asked_once(camera):
    told = run(camera, "a = app()\n" + _sensor("slow") + "shoot(a, 3)")
    assert not any("reading" in put["metadata"] for put in told.all("put"))
    assert len(told.said("W sensor left out")) == 1 and len(told.all("stored")) == 3


def test_a_date_from_before_the_clock_was_set_is_the_less_sure_the_older_it_is(camera):
    code = (
        "set_time(NOON, 0)\nclock.set_error_ms = 20\nclock.set_at_s = clock.uptime_s()\n"
        "for sleeps in (False, True):\n"
        "    meta = call('shot.metadata', 'date', b'camera=0x82', NOON - 10000, True, sleeps)\n"
        "    tell('date', error=int(meta.split(b'\\n')[1].split(b'=')[1]))"
    )
    errors = [one["error"] for one in run(camera, code).all("date")]
    # 60 ppm of an unknown crystal, 5 % in deep sleep.
    assert 620 <= errors[0] <= 622 and 500020 <= errors[1] <= 500070
