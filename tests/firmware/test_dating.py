"""Photos taken before the time is known, on a simulated board: none gets a wrong date."""

import ssl

import pytest
import trustme
from app_rig import NOON, run, seq
from clock_rig import CODE, DOWN, camera_with, do, http_date, is_right, liar
from megacam.sim.ntp_server import NTPServer


@pytest.fixture
def alone(tmp_path):
    with camera_with(tmp_path) as camera:
        yield camera


def test_photos_from_before_are_dated_and_sent(tmp_path):
    with NTPServer(now=lambda: NOON) as ntp, camera_with(tmp_path, [ntp]) as camera:
        told = do(
            camera, f"says({http_date(NOON)})\nshoot(a, 2)\ndrain(a)\nreport(a)\ndo()\ndrain(a)", 0
        )
    before, after = told.all("end")
    assert (before["waiting"], after["waiting"], after["counters"]["stored"]) == (2, 0, 2)
    assert [is_right(put, told, NOON, told.all("clock")[0]) for put in told.all("put")] == [
        True
    ] * 2


@pytest.mark.parametrize("lie_s", [-600, 7200])
def test_nothing_has_the_date_of_a_time_server_that_lies_at_the_start(tmp_path, lie_s):
    with NTPServer(now=lambda: NOON + lie_s) as ntp, camera_with(tmp_path, [ntp]) as camera:
        told = do(camera, f"says({http_date(NOON)})\nshoot(a, 2)\ndo()\ndrain(a)\nshoot(a)", at=0)
    puts = told.all("put")
    assert len(puts) == 3
    assert [is_right(put, told, NOON, told.all("clock")[0]) for put in puts] == [True] * 3


def test_until_the_store_has_confirmed_the_time_photos_wait(tmp_path):
    with liar(tmp_path, 7200) as camera:
        told = do(
            camera, f"a.uploader.store.asks = {[DOWN] * 3}\nshoot(a, 2)\ndo()\nshoot(a, 2)\n"
            f"drain(a)\nreport(a)\na.uploader.pause_until_s = 0\nsays({http_date(NOON + 300)})\n"
            "do()\nshoot(a)\ndrain(a)", at=0
        )  # fmt: skip
    down, known = told.all("clock")
    assert down["after_s"] == 30 and not down["is_known"]
    waiting = told.all("end")[0]
    assert waiting["waiting"] == 4 and not waiting["counters"]["stored"]
    puts = told.all("put")
    assert len(puts) == 5 and known["is_known"]
    assert [is_right(put, told, NOON + 300, known) for put in puts] == [True] * 5


_UNKNOWN = """
a = app(at=0)
a.uploader.is_time_known = False  # as build.py has it
call("spool.count", "count", a.uploader)
"""
_END = "report(a)\nwifi.is_up()\n"  # the simulated chip's clock continues from the last request


def test_a_restart_goes_on_with_what_the_start_before_knew_of_the_time(tmp_path):
    with liar(tmp_path, 7200) as camera:
        run(camera, f"{CODE}a = app(at=0)\na.uploader.store.asks = {[DOWN] * 3}\n"
            f"shoot(a, 2)\ndo()\nshoot(a)\n{_END}")  # fmt: skip
        again = run(camera, f"{CODE}{_UNKNOWN}shoot(a)\n{_END}")
        told = run(camera, f"{CODE}{_UNKNOWN}says({http_date(NOON)})\ndo()\ndrain(a)\n{_END}")
    assert again.end["waiting"] == 4 and told.end["waiting"] == 0
    assert {end["counters"]["cycle"] for end in (again.end, told.end)} == {1}
    puts = told.all("put")
    assert all(put["metadata"]["clock-error-ms"].isdigit() for put in puts)
    keys = sorted(put["key"] for put in puts)
    assert len(keys) == 4 and keys == sorted(keys, key=seq)
    assert keys[0] > "cam1/2026/11/24/115600" and keys[-1] < "cam1/2026/11/24/120001"


def test_a_start_with_a_clock_that_nobody_has_confirmed_does_not_know_the_time(alone):
    root = ssl.PEM_cert_to_DER_cert(trustme.CA().cert_pem.bytes().decode())
    put = f"import os\nos.mkdir('/roots')\nopen('/roots/a.der', 'wb').write({root!r})\n"
    told = run(alone, put + """
credentials.save("aws", {"id": "A" * 20, "secret": "s" * 40})
counters = call("start.supervisor", "start")
def built():
    app = call("start.build", "build", True)
    tell("built", is_known=app.uploader.is_time_known)
    return app
built()
set_time(NOON, 0)
counters["cycle_s"] = clock.cycle_s
call("health.counters", "keep", counters)
built()
clock.cycle_s = 0  # as main.py has it, whose clock is another than that of boot.py
a = built()
tell("cycle", powered_s=clock.powered_s())
a.uploader.is_time_known = True
call("tasks.date", "do", a)
call("health.counters", "keep", a.counters)
built()
""")  # fmt: skip
    assert [start["is_known"] for start in told.all("built")] == [False, False, False, True]
    assert 0 <= told.all("cycle")[0]["powered_s"] <= 2


def test_a_reset_while_the_store_is_asked_does_not_lose_when_the_era_began(tmp_path):
    with liar(tmp_path, 7200) as camera:
        run(camera, f"{CODE}a = app(at=0)\nshoot(a)\ndef cut(*args):\n    wifi.is_up()\n"
            "    raise SystemExit\na.uploader.store.request = cut\ndo()")  # fmt: skip
        told = run(camera, f"{CODE}{_UNKNOWN}says({http_date(NOON)})\ndo()\ndrain(a)\n{_END}")
    (put,) = told.all("put")
    assert told.end["counters"]["cycle"] == 1
    assert 1000 <= int(put["metadata"]["clock-error-ms"]) <= 1010
    assert "cam1/2026/11/24/115900" < put["key"] < "cam1/2026/11/24/120000"


@pytest.mark.parametrize("lie_s", [-600, 7200])
def test_a_time_server_alone_dates_no_photo_from_before_a_power_cut_for_certain(tmp_path, lie_s):
    with liar(tmp_path, lie_s) as camera:
        told = do(camera, f"a.uploader.store.asks = {[DOWN] * 3}\nshoot(a, 2)\ndo()\na.work()\n"
                  "import os\ntell('spool', names=os.listdir('/spool'))", at=0)  # fmt: skip
        assert any("=" in name for name in told.all("spool")[0]["names"]), "nothing is proposed"
        camera.world.power_on()
        told = do(
            camera, f"set_time(NOON, 0)\nsays({http_date(NOON)})\ndo()\na.work()\ndrain(a)", 0
        )
    puts = told.all("put")
    assert len(puts) == 2
    for put in puts:
        assert put["metadata"]["clock-error-ms"] == "unknown"
        assert put["key"] < "cam1/2026/11/24/120100", "not later than the power cut"


def test_a_date_is_proposed_once(tmp_path):
    with liar(tmp_path, 7200) as camera:
        told = do(camera, f"""
import os
a.uploader.store.asks = {[DOWN] * 6}
do()
os.rename("/spool", "/spool.old")
open("/spool", "w").close()
a.uploader.pause_until_s = 0
do()
""", at=0)  # fmt: skip
    assert len(told.all("ask")) == 6 and not told.said("E spool unusable")


def test_a_date_that_could_not_be_written_is_made_up_for_as_the_latest_possible(tmp_path):
    with NTPServer(now=lambda: NOON) as ntp, camera_with(tmp_path, [ntp]) as camera:
        run(camera, "a = app(at=0)\nshoot(a, 2)\nset_time(NOON, 0)")
        told = run(camera, f"{CODE}{_UNKNOWN}tell('cycle', cycle=a.counters['cycle'])\nshoot(a)\n"
                   f"says({http_date(NOON)})\ndo()\ndrain(a)\nreport(a)")  # fmt: skip
    assert told.all("cycle")[0]["cycle"] == 2, "nobody knows when the first one began"
    errors = {seq(put["key"]): put["metadata"]["clock-error-ms"] for put in told.all("put")}
    assert [error.isdigit() for _, error in sorted(errors.items())] == [False, False, True]


def test_a_broken_spool_does_not_keep_new_photos_from_being_sent(tmp_path):
    with NTPServer(now=lambda: NOON) as ntp, camera_with(tmp_path, [ntp]) as camera:
        told = do(camera, """
import os
shoot(a)
os.rename("/spool", "/spool.old")
open("/spool", "w").close()
do()
a.work()
shoot(a)
""", at=0)  # fmt: skip
    assert told.said("E spool unusable") and told.all("clock")[0]["is_known"]
    assert [seq(put["key"]) for put in told.all("put")] == [2]


def test_nothing_that_waits_is_sent_before_it_could_be_dated(tmp_path):
    with liar(tmp_path, 7200) as camera:
        told = do(camera, f"""
import os
a.uploader.store.asks = {[DOWN] * 3}
shoot(a)
do()
a.uploader.pause_until_s = 0
says({http_date(NOON)})
os.rename("/spool", "/spool.old")
open("/spool", "w").close()
do()
a.work()
os.remove("/spool")
os.rename("/spool.old", "/spool")
shoot(a)
drain(a)
tell("early", puts=len(a.uploader.store.objects))
do()
drain(a)
""", at=0)  # fmt: skip
    _, failed, dated = told.all("clock")
    assert failed["is_known"] and failed["after_s"] == dated["after_s"] == 3600
    assert told.all("early")[0]["puts"] == 1, "the live one"
    assert [is_right(put, told, NOON, failed) for put in told.all("put")] == [True] * 2


def test_the_clock_asks_for_dates_alone_and_tries_no_card_for_them(tmp_path):
    with NTPServer(now=lambda: NOON) as ntp, camera_with(tmp_path, [ntp]) as camera:
        told = do(camera, f"""
a.uploader.is_time_known = False
a.uploader.place += ("a card",)
a.tasks["spool"] = 600
says({http_date(NOON)})
do()
tell("due", spool=a.tasks["spool"], date=a.tasks["date"])
""", at=0)  # fmt: skip
    (due,) = told.all("due")
    assert (due["spool"], due["date"]) == (600, -1)


def test_photos_without_a_date_are_found_daily(tmp_path):
    with NTPServer(now=lambda: NOON) as ntp, camera_with(tmp_path, [ntp]) as camera:
        told = do(camera, f"""
a.uploader.is_time_known = False
shoot(a)
a.uploader.is_time_known = True
a.tasks["clock"] = 1 << 20
call("tasks.spool", "do", a)
tell("due", due=a.tasks["clock"])
says({http_date(NOON)})
do()
drain(a)
""")  # fmt: skip
    assert told.all("due")[0]["due"] == 0 and len(told.all("put")) == 1
