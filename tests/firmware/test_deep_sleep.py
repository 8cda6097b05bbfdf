"""firmware/power/deep_sleep.py on a simulated board, which restarts at each wake."""

import json
import re
from datetime import datetime, timedelta

import pytest
from app_rig import NOON, board, photo_sha256, power_on, run, seq
from megacam.sim.ntp_server import NTPServer
from sleepy_board import CONFIG, moments, photos, sleepy

_DAY_S = 86400
TEN = timedelta(minutes=10)


@pytest.fixture(scope="module")
def cycle(tmp_path_factory):
    with sleepy(tmp_path_factory.mktemp("cycle")) as camera:
        run(camera, "join()")
        yield power_on(camera, " start=6")


def test_it_wakes_shoots_sends_and_sleeps(cycle):
    order = [
        e["what"] for e in cycle.events if e["what"] in ("wake", "shot") or e in photos(cycle)
    ]
    assert order == ["wake", "shot", "put"] * 5
    assert len(cycle.all("wake")) == len(cycle.all("shot")) == 5
    causes = [re.findall(r"cause=(\S+)", line)[0] for line in cycle.said("I boot ")]
    assert causes == ["power-on", *["deepsleep"] * 5]


def test_photos_are_taken_when_they_are_due(cycle):
    # The first immediately, so that you see that it works when you install the camera.
    assert moments(cycle) == ["120000", "121000", "122000", "123000", "124000"]
    sleeps = [int(line.partition("seconds=")[2]) for line in cycle.said("I deep sleep")]
    assert all(570 <= seconds <= 600 for seconds in sleeps)


def test_numbers_and_counts_outlive_the_sleep(cycle):
    assert [seq(put["key"]) for put in photos(cycle)] == [1, 5, 9, 13, 17]
    reports = [put for put in cycle.all("put") if put["key"].endswith("status.json")]
    # Every quarter of an hour: at the first wake, and at the third and fifth, after the photo that
    # is due.
    taken = [json.loads(report["text"])["photos"]["taken"] for report in reports]
    assert taken[0] == 0 and taken[1] in (2, 3)
    assert '"reset_cause": "deepsleep", "reboots": {"power-on": 1}' in reports[1]["text"]


def test_the_flash_is_spared(tmp_path):
    with sleepy(tmp_path) as camera:
        run(camera, "join()\nt = call('start.supervisor', 'start')\nt['boots'] = 29\n"
            "call('health.counters', 'write', t)")  # fmt: skip
        power_on(camera, " start=35")
        camera.world.power_on()
        told = run(camera, "print(call('health.counters', 'read')['boots'])")
    # Once in 32 wakes.
    assert told.lines == ["32"]


def test_nothing_is_taken_while_none_is_due(tmp_path):
    schedule = {"schedule": {"hours": ["13:00-13:10"]}, "interval_s": 300}
    with sleepy(tmp_path, NOON + 3400, 300, config=schedule) as camera:
        run(camera, "join()")
        told = power_on(camera, " start=9")
    # Not even at power-on, once the time is known.
    assert moments(told)[:4] == ["130000", "130500", "130000", "130500"]
    days = [put["key"][5:15] for put in photos(told)]
    assert days[:3] == ["2026/11/24"] * 2 + ["2026/11/25"]


def test_photos_of_an_outage_are_sent_at_a_later_wake(tmp_path):
    down = "[('connect', 0, 'retry', {})] * 99 if start < 4 else []"
    with sleepy(tmp_path, connects=down, script=down) as camera:
        run(camera, "join()")
        told = power_on(camera, " start=7")
    kept = len(told.said("I spool kept"))
    stored = [put for put in photos(told) if not put["fault"]]
    # After two failures in a row nothing is sent for a while, not even in the next wakes.
    assert 3 <= kept < 6 and len(stored) == 6
    # The live photo first, then the waiting ones.
    assert [put["metadata"]["origin"] for put in stored][: kept + 1] == ["live"] + ["spool"] * kept
    minutes = ["1200", "1210", "1220", "1230", "1240", "1250"]
    assert sorted(put["key"][-17:-13] for put in stored) == minutes
    # The scripted camera restarts at photo 1 with each start.
    sums = {put["sha256"] for put in told.all("stored") if put["key"].endswith("jpg")}
    assert sums == {photo_sha256(1)}


def test_what_stays_refused_is_tried_once_an_hour_over_the_wakes(tmp_path):
    denied = "[('AccessDenied', 403, 'fatal', {})] * 9"
    with sleepy(tmp_path, connects=denied, script=denied) as camera:
        run(camera, "join()")
        told = power_on(camera, " start=14")
    # Thirteen wakes, ten minutes apart. It tries at the first, at the second, which shows that the
    # refusal was not due to one photo, and at the eighth. The report tries, too, but less often.
    assert len(told.said("E s3 unreachable")) == 3
    assert len(told.all("connect")) < 7 and len(told.said("I spool kept")) == 13


def test_a_lost_or_wrong_time_does_not_put_off_the_report(tmp_path):
    with board(tmp_path, CONFIG) as camera:
        for at, report_at in (("0", "NOON + 500"), ("NOON", "1 << 32")):
            told = run(
                camera,
                f"a = app(at={at})\na.tasks = {{'status': 0}}\n"
                f"a.counters['report_at'] = {report_at}\n"
                "catch(call, 'power.deep_sleep', 'run', a)\n"
                "print(a.counters['report_at'] - clock.now())",
            )
            assert int(told.lines[-1]) <= _DAY_S


def test_without_the_time_one_photo_is_taken_at_a_time_however_slow_a_start_is(tmp_path):
    with sleepy(tmp_path, at=0, slow_ms=20_000) as camera:
        run(camera, "join()")
        told = power_on(camera, " start=4")
    woken = [wake["at"] for wake in told.all("wake")]
    assert len(told.all("shot")) == len(woken) == 3
    assert [(woken[i + 1] - woken[i] + 30) // 600 for i in range(2)] == [1, 1]


def test_photos_from_before_the_time_was_known_are_dated_later(tmp_path):
    with NTPServer("zero-stamp", now=lambda: NOON) as ntp:
        slept = []

        def watch(line):
            slept.extend([line] * line.startswith("I deep sleep"))
            if len(slept) == 2:  # the next start is not before this returns
                ntp.misbehaviour = ""

        servers = {"clock": {"servers": [f"127.0.0.1:{ntp.port}"], "http_urls": []}}
        with sleepy(tmp_path, at=0, config=servers) as camera:
            run(camera, "join()")
            told = power_on(camera, " start=4", watch=watch)
    puts = {seq(put["key"]): put for put in photos(told)}
    assert len(puts) == 3 and len(told.all("shot")) == 3
    assert all(put["key"].startswith("cam1/2026/11/24/1") for put in puts.values())
    # The first two starts did not know the time, but the chip's clock ran on from wake to wake.
    assert all(put["metadata"]["clock-error-ms"].isdigit() for put in puts.values())
    first, second, third = (
        datetime.strptime(puts[number]["metadata"]["taken-at"], "%Y-%m-%dT%H:%M:%SZ")
        for number in sorted(puts)
    )
    assert [round((second - first) / TEN), round((third - second) / TEN)] == [1, 1]


def test_dating_that_was_cut_off_is_made_up_for(tmp_path):
    with board(tmp_path, CONFIG) as camera:
        run(camera, "a = app(at=0)\nshoot(a, 2)\nset_time(NOON, 0)")
        # The clock continues over the reset, so this start knows the time from the beginning.
        told = run(
            camera, "a = app(at=NOON + 60)\nreport(a)\ncall('tasks.clock', 'do', a)\n"
            "drain(a)\nreport(a)"
        )  # fmt: skip
    before, after = told.all("end")
    assert (before["waiting"], after["waiting"], after["counters"]["stored"]) == (2, 0, 2)


def test_a_wake_does_everything_though_the_clock_asks_for_dates(tmp_path):
    with board(tmp_path, CONFIG) as camera:
        told = run(
            camera, "a = app(at=NOON)\na.sleeps = True\na.counters['known_cycle'] = 0\n"
            "a.windows, a.windows_until = (), NOON + 3600\n"
            "a.tasks = {'clock': -1, 'status': 0}\ncatch(call, 'power.deep_sleep', 'run', a)"
        )  # fmt: skip
    assert [put["key"] for put in told.all("put") if "status" in put["key"]] == [
        "cam1/status.json"
    ]


def test_a_low_battery_sleeps_without_radio_or_camera(tmp_path):
    power = {"power": {"deep_sleep": True, "battery_pin": 34, "divider": 2, "low_mv": 3300}}
    with board(tmp_path, power, "tell('built')\nreturn None") as camera:
        run(camera, "join()")
        camera.world.volts[34] = 1.6

        low = []

        def watch(line):
            low.extend([line] * line.startswith("E battery low"))
            if len(low) == 2:  # the next start is not before this returns
                camera.world.volts[34] = 1.7

        told = power_on(camera, '"built"', watch=watch)
    low = told.said("E battery low")
    assert len(low) == 2
    assert all(word in low[0].split() for word in ("mv=3200", "limit_mv=3300", "sleep_s=3600")), (
        low
    )
    first = told.lines[: told.lines.index(low[1])]
    assert not any("wifi" in line for line in first)
    assert told.said("I wifi joined") and told.all("built")
    assert len(told.said("I boot ")) == 3


def test_a_board_without_a_battery_pin_never_measures(tmp_path):
    with board(tmp_path, CONFIG) as camera:
        told = run(camera, "call('power.battery', 'guard', {'battery_pin': -1})\nprint('on')")
    assert told.lines == ["on"]


_FRIDAY = NOON + 3 * _DAY_S + 6 * 3600 + 300  # 27 November 2026, 18:05
_WORKDAYS = {
    "interval_s": 3600,
    "schedule": {"hours": ["09:00-18:00"], "weekdays": ["mon", "tue", "wed", "thu", "fri"]},
}
_NVS = "from esp32 import NVS\nn = NVS('megacam')\n"
_ENTRY = f"{_NVS}tell('nvs', slot=n.get_i32('slot'))"


def _on_trial(folder, wakes, **how):
    """Begin a trial of slot a on Friday evening; return what it told and `slot` at each start."""
    with sleepy(folder, _FRIDAY, 3600, config=_WORKDAYS, more=_ENTRY, **how) as camera:
        run(camera, f"join()\n{_NVS}n.set_i32('slot', {4 << 1 | 32})\nn.commit()")
        told = power_on(camera, f" start={wakes + 2}")
    return told, [entry["slot"] for entry in told.all("nvs")]


def test_a_release_of_friday_evening_is_kept_after_mondays_first_photo(tmp_path):
    # The starts: Friday, midnight of Saturday, Sunday and Monday, nine o'clock, ten o'clock.
    told, slots = _on_trial(tmp_path, 5)
    assert slots == [3 << 1 | 32] * 5 + [16 | 32]
    assert moments(told)[0] == "090000"


def test_each_photo_that_fails_costs_a_start(tmp_path):
    down = "[('connect', 0, 'retry', {})] * 99"
    told, slots = _on_trial(tmp_path, 6, connects=down, script=down)
    assert slots == [3 << 1 | 32] * 5 + [2 << 1 | 32, 1 << 1 | 32] and not moments(told)
