"""Supervisor, counters and safe mode: causes of starts, restarts, crash loops."""

import re
import ssl

import pytest
import trustme
from app_rig import board, power_on, run, seq

START = "t = call('start.supervisor', 'start')\ntell('start', counters=t)\n"


def starts(told):
    """Return [(number, cause)] of all starts in a run."""
    found = told.said("I boot ")
    return [
        (re.findall(r"start=(\d+)", line)[0], re.findall(r"cause=(\S+)", line)[0])
        for line in found
    ]


def start(camera, then=""):
    return run(camera, START + then).all("start")[0]["counters"]


# The cause of a start.


@pytest.mark.parametrize(
    ("code", "cause"),
    [(1, "power-on"), (2, "hard"), (3, "watchdog"), (5, "soft"), (9, "unknown")],
)
def test_the_cause_of_every_start_is_counted(camera, code, cause):
    camera.world.cause = code
    counters = [start(camera) for _ in range(2)][-1]
    assert (counters["cause"], counters["boots"], counters["reboots"]) == (cause, 2, {cause: 2})


def test_waking_is_a_start_but_no_reboot(camera):
    camera.world.cause = 4
    counters = [start(camera) for _ in range(2)][-1]
    assert (counters["cause"], counters["boots"], counters["reboots"]) == ("deepsleep", 2, {})
    assert counters["quick"] == 0


def test_a_restart_by_megacam_is_a_start_but_no_reboot(camera):
    start(camera, "t['why'] = 'usb'\ncall('health.counters', 'keep', t)\n")
    camera.world.cause = 2
    counters = start(camera)
    said = (counters["cause"], counters["boots"], counters["reboots"])
    assert said == ("usb", 2, {"power-on": 1})


@pytest.mark.parametrize("why", ["wifi", "network", "camera", "config"])
def test_a_planned_restart_says_why(camera, why):
    told = run(camera, START + f"print(catch(call, 'start.restart', 'reset', t, {why!r}))")
    assert told.lines == [f"W restart why={why}", "75"]
    camera.world.cause = 2
    assert start(camera)["cause"] == why
    assert start(camera)["cause"] == "hard", "said once"


def test_a_power_cut_after_a_planned_restart_is_a_power_cut(camera):
    run(camera, START + "catch(call, 'start.restart', 'reset', t, 'wifi')")
    camera.world.power_on()
    counters = start(camera)
    assert (counters["cause"], counters["boots"]) == ("power-on", 2)


# The counters.

_COUNT = "t['taken'] = 41\nt['seq'] = 41\ncall('health.counters', {how!r}, t)\n"
_DAMAGE_RTC = "from machine import RTC\nRTC().memory(b'{\"boots\": 7}')\n"
_DAMAGE_FILE = "with open('/tally', 'r+b') as f:\n    f.seek(20)\n    f.write(b'7')\n"


def test_rtc_memory_keeps_the_counters_through_a_reset_and_loses_it_with_the_power(camera):
    start(camera, _COUNT.format(how="keep"))
    camera.world.cause = 3
    assert start(camera, "t['taken'] = 42\ncall('health.counters', 'keep', t)\n")["taken"] == 41
    camera.world.power_on()
    assert start(camera)["taken"] < 42, "the file is older"


def test_flash_keeps_the_counters_through_a_power_cut(camera):
    start(camera, _COUNT.format(how="write"))
    camera.world.power_on()
    counters = start(camera)
    assert (counters["taken"], counters["boots"]) == (41, 2)
    assert counters["seq"] == 0, "nobody knows how many photos came after it was written"


def test_where_rtc_memory_is_damaged_the_file_counts(camera):
    start(camera, _COUNT.format(how="write") + _DAMAGE_RTC)
    assert start(camera)["taken"] == 41


@pytest.mark.parametrize("damage", [_DAMAGE_FILE, "open('/tally', 'wb').close()\n"])
def test_where_both_are_damaged_it_counts_from_nothing(camera, damage):
    start(camera, _COUNT.format(how="write") + _DAMAGE_RTC + damage)
    counters = start(camera)
    assert (counters["taken"], counters["boots"], counters["cause"]) == (0, 1, "power-on")


# The simulator learns the board's time with each request, so make one after the wait.
_WAIT = "time.sleep_ms(3000)\nimport machine\nmachine.reset_cause()\n"


def test_an_era_lasts_over_resets_and_no_other_has_its_number(camera):
    """Photos without a date are named by it and by the clock, which survives resets, too."""
    cycles = []
    for code, power_goes in [(1, 0), (3, 0), (2, 1), (1, 0), (2, 1), (1, 0)]:
        camera.world.cause = code
        cycles.append(start(camera, _WAIT)["cycle"])
        if power_goes:
            camera.world.power_on()
    assert cycles[0] == cycles[1] == cycles[2] < cycles[3] == cycles[4] < cycles[5]


def test_where_the_clock_began_anew_another_era_begins(camera):
    first = start(camera, _WAIT)
    second = start(camera, _WAIT)
    camera.world.rtc_us = 0
    third = start(camera)
    assert first["cycle"] == second["cycle"] != third["cycle"]


# The sequence.


def test_no_number_comes_twice_over_resets_and_power_cuts(camera):
    seen = []
    for power_goes, is_kept in [(0, 1), (0, 1), (1, 1), (0, 0), (0, 1), (1, 0), (0, 1), (1, 1)]:
        # Without `is_kept` the board resets in the middle of the three tries for its last photo.
        last = "" if is_kept else "for _ in range(3):\n    tell('number', n=number())\n"
        code = "def number():\n    return call('shot.sequence', 'advance', a.counters)\n"
        told = run(camera, code + "a = app()\nshoot(a, 2)\n" + last)
        seen.append([seq(put["key"]) for put in told.all("put")])
        seen[-1] += [event["n"] for event in told.all("number")]
        if power_goes:
            camera.world.power_on()
    numbers = [number for part in seen for number in part]
    assert len(set(numbers)) == len(numbers) and numbers == sorted(numbers)
    assert seen[1][0] - seen[0][-1] <= 4, "a reset costs a few numbers only"


# Crash loops.

_CRASHES = """
if not is_safe:
    raise ValueError("boom")
a = app(is_started=True, camera=None)
a.camera = None
return a
"""


@pytest.fixture(scope="module")
def safe(tmp_path_factory):
    folder = tmp_path_factory.mktemp("safe")
    with board(folder, build=_CRASHES) as board_:
        run(board_, "join()")
        yield power_on(board_, " start=8")


def test_a_crash_restarts_the_board_after_a_pause(safe):
    first = safe.lines[: safe.lines.index("W restart why=crash")]
    assert "ValueError: boom" in first and len(starts(safe)) == 8
    assert starts(safe)[:2] == [("1", "power-on"), ("2", "crash")]


def test_a_crash_loop_ends_in_safe_mode(safe):
    causes = [cause for _, cause in starts(safe)]
    assert causes == ["power-on", *["crash"] * 5, "retry", "crash"]
    (said,) = safe.said("E safe mode")
    before = safe.lines[: safe.lines.index(said)]
    assert len([line for line in before if line.startswith("I boot")]) == 6
    assert before[-1].startswith("I wifi joined")
    assert not safe.all("shot")


def test_in_safe_mode_health_is_reported_for_an_hour_and_then_it_tries_again(safe):
    puts = safe.all("put")
    assert {put["key"] for put in puts} == {"cam1/status.json"}
    # Every quarter of an hour, whatever a busy host adds.
    assert [round(put["up_s"] / 900) for put in puts] == [0, 1, 2, 3]
    retry = safe.lines.index("W restart why=retry")
    assert starts(safe)[6] == ("7", "retry") and safe.lines[retry + 1].startswith("I boot")


def test_a_calm_start_ends_the_count(camera):
    told = run(
        camera, "a = app()\na.counters['quick'] = 5\na.tasks['counters'] = 0\n"
        "for _ in range(30):\n    a.work()\n    shoot(a)\nreport(a)"
    )  # fmt: skip
    assert told.end["counters"]["quick"] == 0
    camera.world.power_on()
    assert start(camera)["quick"] == 10


@pytest.mark.parametrize(("code", "most"), [(1, 5), (2, 50), (3, 5), (4, 99), (5, 99)])
def test_so_many_quick_starts_are_no_crash_loop_yet(camera, code, most):
    camera.world.cause = code
    told = run(camera, f"""
for _ in range({most + 1}):
    t = call("start.supervisor", "start")
    tell("loop", is_loop=call("start.supervisor", "is_crash_loop", t))
""")  # fmt: skip
    last = most < 99
    assert [event["is_loop"] for event in told.all("loop")] == [False] * most + [last]


def test_ctrl_c_in_the_pause_before_a_restart_keeps_the_watchdog_fed(camera):
    told = run(
        camera, _WATCH + """
def interrupt(ms):
    raise KeyboardInterrupt
time.sleep_ms = interrupt
try:
    call("start.restart", "crashed", ValueError("boom"))
except KeyboardInterrupt:
    tell("prompt")
machine.timer.callback(None)
"""
    )  # fmt: skip
    assert [event["what"] for event in told.events] == [
        *("wdt", "fed"),  # the chip has only one
        *("wdt", "timer", "prompt", "fed"),
    ]


def test_an_exception_that_nobody_expected_restarts_the_board(tmp_path):
    build = """
a = app(is_started=True)
def odd():
    raise ValueError("odd")
a.take = odd
return a
"""
    with board(tmp_path, build=build) as camera:
        run(camera, "join()")
        told = power_on(camera, " start=2")
    assert "ValueError: odd" in told.lines
    assert starts(told)[-1] == ("2", "crash")


def test_a_boot_that_fails_goes_on_to_the_loop(tmp_path):
    with board(tmp_path, build="return app(is_started=True)") as camera:
        run(
            camera,
            "import json\nfrom firmware.settings import config\nsettings = config.read()\n"
            "del settings['power']\nwith open(config.PATH, 'w') as f:\n"
            "    json.dump(settings, f)\n",
        )
        told = power_on(camera, '"what": "shot"')
    assert told.said("E boot failed") and told.all("shot")


# The watchdog.

_WATCH = """
import machine
class WDT:
    def __init__(self, timeout):
        tell("wdt", timeout_ms=timeout)
    def feed(self):
        tell("fed")
class Timer:
    PERIODIC = 1
    def __init__(self, id):
        machine.timer = self
    def init(self, period, mode, callback):
        self.callback = callback
        tell("timer", period_ms=period, mode=mode)
    def deinit(self):
        tell("no timer")
machine.WDT, machine.Timer = WDT, Timer
"""


def test_the_watchdog_waits_for_longer_than_any_call_and_only_progress_feeds_it(camera):
    told = run(camera, _WATCH + "call('start.watchdog', 'start', True, 'soft')()")
    assert [event["what"] for event in told.events] == ["no timer", "wdt", "fed"]
    # Joining takes at most 70 s, a request 60 s, and its handshake 30 s.
    assert told.all("wdt")[0]["timeout_ms"] == 180_000


@pytest.mark.parametrize("is_wanted", [True, False])
def test_after_a_soft_reset_what_the_prompt_had_is_given_back(camera, is_wanted):
    start = f"call('start.watchdog', 'start', {is_wanted}, 'soft')()\n"
    told = run(camera, _WATCH + start + "import sys\ntell('left', path=sys.path)")
    assert len(told.all("no timer")) == 1 and len(told.all("wdt")) == is_wanted
    assert not [folder for folder in told.all("left")[0]["path"] if "names" in folder]


@pytest.mark.parametrize("is_wanted", [True, False])
def test_a_soft_reset_keeps_the_watchdog_fed(tmp_path, is_wanted):
    with board(tmp_path, {"watchdog": is_wanted}) as camera:
        camera.world.cause = 5
        told = run(camera, _WATCH + START)
        assert len(told.all("wdt")) == is_wanted
        assert is_wanted is False or len(told.all("timer")) == 1
        for timer in told.all("timer"):
            assert timer["period_ms"] < 180_000 / 3 and timer["mode"] == 1
        camera.world.cause = 1
        assert not run(camera, _WATCH + START).all("timer")


def test_ctrl_c_gives_the_prompt_and_keeps_the_watchdog_fed(tmp_path):
    build = """
a = app(is_started=True, feed=lambda: tell("progress"))
def stop():
    raise KeyboardInterrupt
a.take = stop
return a
"""
    with board(tmp_path, build=build) as camera:
        told = run(
            camera, _WATCH + START + "from firmware import app as application\ntry:\n"
            "    application.main()\nexcept KeyboardInterrupt:\n    tell('prompt')\n"
            "machine.timer.callback(None)\n"
        )  # fmt: skip
    assert [event["what"] for event in told.events][-3:] == ["timer", "prompt", "progress"]


def test_ctrl_c_stops_safe_mode_too(tmp_path):
    with board(tmp_path, build=_CRASHES) as camera:
        told = run(
            camera, _WATCH + START + "import time as clock_of_board\n"
            "def stop(ms):\n    raise KeyboardInterrupt\n"
            "join()\nclock_of_board.sleep_ms = stop\ntry:\n"
            "    call('start.safe_mode', 'stay')\nexcept KeyboardInterrupt:\n    tell('prompt')\n"
        )  # fmt: skip
    assert [event["what"] for event in told.events][-2:] == ["timer", "prompt"]


_BUILD = """
credentials.save("aws", {"id": "A" * 20, "secret": "s" * 40})
print(call("start.build", "build", True).sensor)
"""


@pytest.mark.parametrize(("code", "is_asked"), [(1, True), (3, False)])
def test_a_sensor_is_left_out_after_the_watchdog_bit(tmp_path, code, is_asked):
    root = ssl.PEM_cert_to_DER_cert(trustme.CA().cert_pem.bytes().decode())
    config = {"sensor": {"function": "probe:read"}}
    with board(tmp_path, config) as camera:
        camera.world.cause = code
        put = f"import os\nos.mkdir('/roots')\nopen('/roots/a.der', 'wb').write({root!r})\n"
        told = run(camera, put + START + _BUILD)
    assert ("probe:read" in told.lines[-1]) is is_asked
