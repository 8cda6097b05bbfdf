"""A photo that the store never accepts does not affect the others."""

import pytest
from app_rig import photo_sha256, run
from megacam.sim import flash

DOWN = ("connect", 0, "retry", {})
TOO_LARGE = ("HTTP413", 413, "object", {"says": "HTTP413: too large; take smaller photos"})
TOO_LATE = ("HTTP413", 413, "object", {"says": "HTTP413: too large", "body": 2000})
ODD = ("HTTP400", 400, "fatal", {"says": "HTTP400: a firewall's own page"})


def _poisoned(number, refusal):
    """Return code that makes an App whose store always refuses photo `number`."""
    return f"""
a = app(limit_kb=256)
store = a.uploader.store
good = store.put
def put(key, *args):
    if key.endswith("{number:06}.jpg"):
        store.script = [{refusal!r}]
    return good(key, *args)
store.put = put
"""


@pytest.mark.parametrize("refusal", [TOO_LARGE, TOO_LATE, ODD], ids=["early", "late", "unknown"])
@pytest.mark.parametrize("number", [3, 10, 20])
def test_a_photo_that_the_store_never_takes_stops_no_other(camera, refusal, number):
    told = run(
        camera, _poisoned(number, refusal) +
        "connect = a.uploader.connect\na.uploader.connect = lambda: False\nshoot(a, 20)\n"
        "a.uploader.connect = connect\n"
        "for _ in range(40):\n    shoot(a)\n    while a.work():\n        pass\nreport(a)"
    )  # fmt: skip
    counters = told.end["counters"]
    assert (counters["taken"], counters["stored"], counters["refused"], told.end["waiting"]) == (
        *(60, 59, 1),
        0,
    )
    assert counters["thinned"] == counters["lost"] == counters["damaged"] == 0
    (said,) = told.said("E spool refused")
    assert refusal[3]["says"] in said and f"-{number:06}" in said
    names = [name for name in flash.read_image(camera.image) if name.startswith("spool/")]
    assert len(names) == 1 and names[0].startswith("spool/damaged-")
    assert not [line for line in told.said("E s3 unreachable") if "again_in_s=3600" in line]


@pytest.mark.parametrize("refusal", [TOO_LARGE, ODD], ids=["for itself", "unknown"])
def test_one_wake_of_a_sleeping_camera_sends_all_others_and_sets_it_aside(camera, refusal):
    told = run(
        camera, _poisoned(5, refusal) +
        "connect = a.uploader.connect\na.uploader.connect = lambda: False\nshoot(a, 5)\n"
        "a.uploader.connect = connect\ncall('power.wake', 'send', a)\nreport(a)"
    )  # fmt: skip
    assert (told.end["counters"]["stored"], told.end["waiting"]) == (4, 0)
    assert told.end["counters"]["refused"] == 1


@pytest.mark.parametrize("more", [ODD, DOWN], ids=["refuses all", "fails"])
def test_one_wake_of_a_sleeping_camera_asks_a_broken_store_twice_only(camera, more):
    told = run(
        camera, "a = app()\nconnect = a.uploader.connect\na.uploader.connect = lambda: False\n"
        f"shoot(a, 5)\na.uploader.connect = connect\nstore = a.uploader.store\n"
        f"store.script = {[ODD] + [more] * 30}\ncall('power.wake', 'send', a)\nreport(a)"
    )  # fmt: skip
    assert len(told.all("put")) == 2 and told.end["waiting"] == 5


@pytest.mark.parametrize("times", [1, 2])
def test_a_photo_whose_name_is_taken_for_good_gets_the_name_of_the_next_second(camera, times):
    """An object with its name may be damaged, and the key cannot replace it; see S3Client.put."""
    taken = [("AccessDenied", 403, "object", {})] * times
    told = run(
        camera, f"a = app(connects={[DOWN] * 3})\nshoot(a)\n"
        f"a.uploader.store.script = {taken}\ndrain(a)\nreport(a)"
    )  # fmt: skip
    first, second = (put["key"].rpartition("/")[2] for put in told.all("put"))
    assert int(second[:6]) == int(first[:6]) + 1 and first[6:] == second[6:] == "-000001.jpg"
    assert [stored["sha256"] for stored in told.all("stored")] == [photo_sha256(1)] * (times == 1)
    assert (told.end["counters"]["refused"], told.end["waiting"]) == (times - 1, 0)


def test_a_live_photo_that_is_too_large_pauses_nothing(camera):
    told = run(camera, f"a = app({[TOO_LARGE]})\nshoot(a, 3)\nreport(a)\n"
               f"a.uploader.store.script = {[TOO_LARGE]}\ndrain(a)\nreport(a)")  # fmt: skip
    sent, done = told.all("end")
    assert (sent["counters"]["stored"], sent["waiting"], sent["pause_s"]) == (2, 1, 0)
    assert (done["counters"]["refused"], done["waiting"], done["pause_s"]) == (1, 0, 0)


def test_where_every_photo_is_too_large_each_is_counted(camera):
    told = run(camera, f"a = app({[TOO_LATE] * 99})\nshoot(a, 5)\nreport(a)")
    counters = told.end["counters"]
    # A second photo would be no smaller.
    assert (counters["taken"], counters["lost"], told.end["pause_s"]) == (5, 5, 0)


@pytest.mark.parametrize("code", [500, 503])
def test_a_store_in_trouble_never_costs_a_waiting_photo(camera, code):
    broken = ("InternalError", code, "retry", {})
    told = run(
        camera, _poisoned(3, broken) +
        "a.uploader.is_spool_first = True\nshoot(a, 20)\na.uploader.is_spool_first = False\n"
        "for _ in range(60):\n    shoot(a)\n    while a.work():\n        pass\nreport(a)"
    )  # fmt: skip
    # The others are sent first, and this one continues to wait.
    assert (told.end["counters"]["stored"], told.end["waiting"]) == (79, 1)
    assert told.end["counters"]["refused"] == 0


def test_more_refused_photos_than_the_camera_remembers_all_go_out_in_the_end(camera):
    told = run(
        camera, f"a = app(connects={[DOWN] * 60})\nshoot(a, 12)\n"
        f"store = a.uploader.store\nstore.connects = []\nstore.script = {[ODD] * 12}\n"
        "for _ in range(100):\n    drain(a)\n    time.sleep_ms(600000)\n    clock.uptime_s()\n"
        "    tell('kept', refused=len(a.uploader.refused))\nreport(a)"
    )  # fmt: skip
    assert max(event["refused"] for event in told.all("kept")) == 8
    assert (told.end["counters"]["stored"], told.end["waiting"]) == (12, 0)
    assert told.end["counters"]["refused"] == 0
    assert {event["sha256"] for event in told.all("stored")} == set(
        map(photo_sha256, range(1, 13))
    )
