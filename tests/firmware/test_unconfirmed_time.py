"""A sleeping camera that believes a time server nobody confirms: no date of it is certain."""

import pytest
from app_rig import NOON, run
from clock_rig import CODE, DOWN, camera_with, do, http_date, is_right, liar
from megacam.sim.ntp_server import NTPServer

_ASLEEP = "a.sleeps = True\n"
_NAMES = "import os\ntell('spool', names=sorted(os.listdir('/spool')))\n"
# As tasks/loop.py runs it after the clock.
_DATE = "call('tasks.date', 'do', a)\n"
_AGAIN = f"{CODE}a = app(at=0)\na.uploader.is_time_known = True\n{_ASLEEP}"
_END = "\nreport(a)\nwifi.is_up()\n"  # the simulated chip's clock continues from the last request


@pytest.mark.parametrize("lie_s", [-7200, 600])
def test_its_dates_are_not_certain_until_the_store_confirms_the_time(tmp_path, lie_s):
    with liar(tmp_path, lie_s) as camera:
        told = do(
            camera, f"{_ASLEEP}a.uploader.store.asks = {[DOWN] * 3}\nshoot(a)\n"
            f"do()\n{_DATE}{_NAMES}"
            f"a.uploader.pause_until_s = 0\nsays({http_date(NOON)})\ndo()\n"
            f"tell('due', date=a.tasks['date'])\n{_DATE}{_NAMES}drain(a)", at=0
        )  # fmt: skip
    before, after = (spool["names"][-1] for spool in told.all("spool"))
    assert before.endswith("~") and not after.endswith("~")
    assert told.all("due")[0]["date"] == -1
    (put,) = told.all("put")
    assert put["metadata"]["clock-error-ms"].isdigit()
    assert is_right(put, told, NOON, told.all("clock")[1])


def test_a_date_that_is_certain_is_not_replaced_by_a_time_servers_word(tmp_path):
    with liar(tmp_path, 7200) as camera:
        told = do(
            camera, f"says({http_date(NOON)})\na.uploader.is_time_known = False\nshoot(a)\n"
            f"a.uploader.is_time_known = True\n{_DATE}{_NAMES}"
            f"a.uploader.is_time_known = False\na.uploader.store.asks = {[DOWN] * 3}\n"
            f"{_ASLEEP}do()\n{_DATE}{_NAMES}a.sleeps = a.uploader.is_time_known = False\n"
            f"{_DATE}{_NAMES}"
        )  # fmt: skip
    names = [spool["names"][-1] for spool in told.all("spool")]
    assert names[0] == names[1] == names[2] and not names[0].endswith("~")


def test_a_correction_of_some_seconds_begins_no_power_cycle(tmp_path):
    cycles = []
    with NTPServer(now=lambda: NOON - 40) as ntp, camera_with(tmp_path, [ntp]) as camera:
        # A start in the same second would be a new power cycle.
        keep = "call('health.counters', 'keep', a.counters)\ntime.sleep_ms(3000)"
        run(camera, f"{CODE}a = app()\n{keep}{_END}")
        for code in ("do()", ""):
            told = run(camera, f"{_AGAIN}says({http_date(NOON - 40)})\n{code}{_END}")
            cycles += [told.end["counters"]["cycle"]]
            assert len(told.said("I clock set")) == bool(code)
    assert cycles == [1, 1]


def test_a_reset_right_after_a_lie_does_not_make_it_the_truth(tmp_path):
    with NTPServer(now=lambda: NOON + 7200) as ntp, camera_with(tmp_path, [ntp]) as camera:
        run(camera, f"""{CODE}
a = app()
{_ASLEEP}
report(a)
uptime_s = clock.uptime_s
def cut():
    if clock.now() > NOON + 3600:  # the clock has just been set
        wifi.is_up()
        raise SystemExit
    return uptime_s()
clock.uptime_s = cut
a.uploader.store.asks = {[DOWN] * 3}
do()
""")  # fmt: skip
        told = run(camera, f"{_AGAIN}tell('begun', now=clock.now())\n"
                   f"a.uploader.store.asks = {[DOWN] * 3}\ndo()")  # fmt: skip
    assert told.all("begun")[0]["now"] > NOON + 3600, "the reset came too early"
    (clock,) = told.all("clock")
    assert told.all("ask") and clock["error_ms"] is None


@pytest.mark.parametrize(("unsure", "hours"), [(0, 10), (1, 1)])
def test_it_does_not_sleep_longer_than_an_hour_by_a_time_that_may_be_wrong(
    tmp_path, unsure, hours
):
    schedule = {"schedule": {"hours": ["23:00-23:10"]}, "power": {"deep_sleep": True}}
    with camera_with(tmp_path, **schedule) as camera:
        told = run(camera, f"{CODE}a = app()\n{_ASLEEP}a.counters['unsure'] = {unsure}\n"
                   "a.tasks = {'plan': 0, 'status': 0}\na.uploader.store.script = "
                   f"{[DOWN] * 9}\ncatch(call, 'power.deep_sleep', 'run', a)")  # fmt: skip
    (line,) = told.said("I deep sleep")
    assert int(line.partition("seconds=")[2]) // 3600 == hours
