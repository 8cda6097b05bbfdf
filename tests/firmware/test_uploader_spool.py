"""How waiting photos are sent: the newest and the oldest, damaged ones, those without a date."""

import datetime

import pytest
from app_rig import NOON, photo_sha256, run, seq
from megacam.sim import flash

BREAKS = ("body", 0, "retry", {"body": 2000})


def test_with_spool_first_nothing_goes_past_the_spool(camera):
    told = run(
        camera, f"a = app({[BREAKS]})\na.uploader.is_spool_first = True\nshoot(a)\nreport(a)\n"
        "drain(a)\ndrain(a)\nreport(a)"
    )  # fmt: skip
    kept, sent = told.all("end")
    assert kept["waiting"] == 1 and kept["counters"]["requests"] == 0
    assert [put["fault"] for put in told.all("put")] == ["body", None]
    assert [stored["sha256"] for stored in told.all("stored")] == [photo_sha256(1)]
    assert len(told.all("shot")) == 1 and sent["counters"]["lost"] == 0


def _keep(photos):
    return (
        f"a = app()\nready = a.uploader.is_ready\na.uploader.is_ready = lambda: False\n"
        f"shoot(a, {photos})\na.uploader.is_ready = ready\n"
    )


def test_the_newest_go_first_and_one_of_four_is_the_oldest(camera):
    told = run(camera, "import random\nrandom.seed(5)\n" + _keep(60) + "drain(a)\nreport(a)")
    order = [seq(stored["key"]) for stored in told.all("stored")]
    assert sorted(order) == list(range(1, 61))
    newest, oldest = _picks(order[:-1], list(range(1, 61)))
    assert newest + oldest == 59 and 5 < oldest < 25


def _picks(order, waiting):
    """Return how often the newest and how often the oldest waiting photo was sent."""
    newest = oldest = 0
    for number in order:
        newest += number == waiting[-1]
        oldest += number == waiting[0]
        waiting.remove(number)
    return newest, oldest


def test_the_oldest_get_their_share_also_where_one_goes_between_two_shots(camera):
    told = run(
        camera, "import random\nrandom.seed(5)\n" + _keep(40) +
        "for _ in range(30):\n    shoot(a)\n    a.work()\nreport(a)"
    )  # fmt: skip
    order = [seq(stored["key"]) for stored in told.all("stored")]
    drained = [number for number in order if number <= 40]
    assert len(drained) == 30
    newest, oldest = _picks(drained, list(range(1, 41)))
    assert newest + oldest == 30 and 2 < oldest < 15


def test_a_damaged_file_is_set_aside_and_the_queue_goes_on(camera):
    told = run(
        camera, _keep(3) + f"""
with open("/spool/{NOON + 30}-000002", "r+b") as f:
    f.seek(1500)
    f.write(b"damage")
with open("/spool/{NOON}-000001", "r+b") as f:
    f.seek(-3, 2)
    f.write(b"no")
for _ in range(3):
    drain(a)
report(a)"""
    )  # fmt: skip
    assert [stored["sha256"] for stored in told.all("stored")] == [photo_sha256(3)]
    assert told.end["waiting"] == 0
    assert (told.end["counters"]["stored"], told.end["counters"]["damaged"]) == (1, 2)
    assert told.said("E spool damaged")
    left = [name for name in flash.read_image(camera.image) if name.startswith("spool/")]
    assert len(left) == 2 and all("damaged-" in name for name in left)


def test_a_full_spool_thins_and_counts_and_keeps_the_newest(camera):
    told = run(camera, "a = app(limit_kb=15)\na.uploader.is_spool_first = True\n"
               "shoot(a, 12)\nreport(a)\ndrain(a)\nreport(a)")  # fmt: skip
    full, done = told.all("end")
    counters = full["counters"]
    assert full["waiting"] == 4 and counters["thinned"] == 8
    assert counters["taken"] == full["waiting"] + counters["thinned"]
    kept = sorted(seq(stored["key"]) for stored in told.all("stored"))
    assert kept[-1] == 12 and done["counters"]["stored"] == 4
    assert "E app photo lost" not in "".join(told.lines)


# Photos taken before the time was known.


def test_photos_without_a_date_are_dated_afterwards_and_never_sent_before(camera):
    told = run(
        camera, """
a = app(at=0)
shoot(a, 2)
drain(a)
report(a)
set_time(NOON, 0)
clock.set_error_ms, clock.set_at_s = 20, clock.uptime_s()
drain(a)
report(a)
a.uploader.is_time_known = True
call("tasks.date", "do", a)
drain(a)
report(a)
"""
    )  # fmt: skip
    unknown, known, done = told.all("end")
    assert unknown["waiting"] == known["waiting"] == 2
    assert unknown["counters"]["requests"] == known["counters"]["requests"] == 0
    assert done["waiting"] == 0
    shots = {seq(put["key"]): put for put in told.all("put")}
    for number, shot in enumerate(told.all("shot"), 1):
        taken_s = NOON - unknown["up_s"] + shot["up_s"]
        put = shots[number]
        taken = datetime.datetime.fromisoformat(put["metadata"]["taken-at"][:-1] + "+00:00")
        # The uptime has whole seconds, and real ones pass between two lines of the script.
        assert abs(taken.timestamp() - taken_s) <= 10
        assert put["key"] == f"cam1/{taken:%Y/%m/%d/%H%M%S}-{number:06}.jpg"
        assert put["metadata"]["clock-error-ms"].isdigit()


@pytest.mark.parametrize(("power_goes", "unknown"), [(False, 0), (True, 2)])
def test_photos_of_a_start_that_never_knew_the_time_are_exact_unless_the_power_went(
    camera, power_goes, unknown
):
    run(camera, "a = app(at=0)\nshoot(a, 2)")
    if power_goes:
        camera.world.power_on()
    told = run(
        camera, "a = app(at=0)\nshoot(a)\nset_time(NOON, 0)\n"
        "clock.set_error_ms, clock.set_at_s = 20, clock.uptime_s()\n"
        "a.uploader.is_time_known = True\ncall('tasks.date', 'do', a)\n"
        "drain(a)\nreport(a)"
    )  # fmt: skip
    assert told.end["waiting"] == 0
    errors = [put["metadata"]["clock-error-ms"] for put in told.all("put")]
    assert errors.count("unknown") == unknown and len(errors) == 3
    assert all(put["key"].startswith("cam1/2026/11/24/1") for put in told.all("put"))
