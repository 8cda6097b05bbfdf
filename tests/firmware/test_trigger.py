"""firmware/trigger.py: photos because of a PIR sensor or a button, awake and out of deep sleep."""

import itertools
import re
import threading

import pytest
from app_rig import board, power_on, run
from sleepy_board import NOON, moments, sleepy

_PIN = 27
_BUILD = """
a = app(is_started=True)
a.interval_s = 3600
call("start.look_out", "add", a, None, {section})
{more}
return a
"""
# Presses a button by the clock of the board: {milliseconds: level}.
_RIG = """
from firmware import trigger as module

class Pin:
    IN, PULL_UP, PULL_DOWN = 1, 2, 3
    level = 0
    def __init__(self, number, mode, pull):
        tell("pin", number=number, pull=pull)
    def irq(self, handler):
        self.handler = handler
    def __call__(self):
        return Pin.level
    def set(self, level):
        Pin.level = level
        self.handler(self)

module.Pin = Pin
t = module.Trigger({section})
def hold(ms):
    t.pin.set({level})
    time.sleep_ms(ms)
    t.pin.set(1 - {level})
"""
_SECTION = {"pin": _PIN, "level": 1, "pause_s": 10}


@pytest.fixture
def pressed(tmp_path):
    def start(code, **section):
        section = {**_SECTION, **section}
        rig = _RIG.replace("{section}", repr(section)).replace("{level}", str(section["level"]))
        with board(tmp_path) as camera:
            return run(camera, rig + code)

    return start


@pytest.mark.parametrize(("level", "pull"), [(1, 3), (0, 2)])
def test_it_fires_once_for_each_press(level, pull, pressed):
    told = pressed(
        """
tell("before", fired=t.is_fired())
hold(50)
tell("pressed", fired=t.take())
tell("after", fired=t.take())
time.sleep_ms(11000)
t.pin.set({level})
time.sleep_ms(50)
tell("held", fired=t.take())
time.sleep_ms(60000)
tell("still held", fired=t.take())
""".replace("{level}", str(level)),
        level=level,
    )
    assert told.all("pin")[0]["pull"] == pull
    fired = [event["fired"] for event in told.events if "fired" in event]
    assert fired == [False, True, False, True, False]


def test_a_pin_without_resistors_gets_none(pressed):
    assert pressed("", pin=34).all("pin")[0]["pull"] is None


def test_what_bounces_or_is_noise_does_not_fire(pressed):
    told = pressed("""
for _ in range(20):
    hold(10)
    time.sleep_ms(3)
tell("bounced", fired=t.is_fired())
""")
    assert not told.all("bounced")[0]["fired"]


def test_the_rate_is_bounded(pressed):
    told = pressed("""
for _ in range(60):
    hold(100)
    tell("press", fired=t.take())
    time.sleep_ms(900)
""")
    times = [event["up_s"] for event in told.all("press") if event["fired"]]
    gaps = [b - a for a, b in itertools.pairwise(times)]
    assert len(times) == 6 and min(gaps) >= 10


def _loop(tmp_path, press, section=_SECTION, more="", fast=False, until="shot"):
    """Run the loop; `press(world)` is called once the application has started."""
    build = _BUILD.replace("{section}", repr(section)).replace("{more}", more)
    with board(tmp_path, None, build, fast=fast) as camera:
        seen = {}

        def watch(line):
            if line.startswith("I app started"):

                def later():
                    seen["pressed_us"] = camera.world.radio.now_us
                    press(camera.world)

                threading.Timer(2.5, later).start()

        told = power_on(camera, until, 30, watch)
    assert seen, told.lines
    return told, seen["pressed_us"] / 1000


def test_a_photo_is_taken_within_a_fraction_of_a_second(tmp_path):
    def press(world):
        world.set_pin(_PIN, 1)

    told, pressed_ms = _loop(tmp_path, press, until="stored")
    (shot,) = told.all("shot")
    assert 20 <= shot["ms"] - pressed_ms < 1000
    (put,) = told.all("put")
    assert put["key"].endswith(".jpg")


def test_a_triggered_photo_is_counted_and_ignores_the_gate(tmp_path):
    more = """
from firmware.shot.lookout import Lookout
section = {"mode": "gate", "look_s": 60, "keepalive_min": 600, "threshold": 75, "mask": ()}
section.update({"settle_ms": 0, "discard": 0, "debug": False})
lookout = a.early.lookout = Lookout(section)
lookout.photo_s = lookout.seen_s = clock.uptime_s()
lookout.at_s = 1 << 28
put = a.uploader.store.put
def report(*args, **more):
    done = put(*args, **more)
    tell("told", counters=a.counters)
    return done
a.uploader.store.put = report
"""
    told, _ = _loop(tmp_path, lambda world: world.set_pin(_PIN, 1), more=more, until="told")
    (said,) = told.all("told")
    assert said["counters"]["triggered"] == 1 and "gated" not in said["counters"]


def test_it_wakes_the_board_from_deep_sleep(tmp_path):
    more = f"call('start.look_out', 'add', a, None, {_SECTION})"
    with sleepy(tmp_path, more=more) as camera:
        run(camera, "join()")
        camera.world.wakes_after_s = [100.0, 1e9, 200.0]
        told = power_on(camera, " start=6")
        counted = run(camera, "print(call('health.counters', 'read')['triggered'])")
    times = moments(told)
    assert times[0] == "120000"
    assert re.fullmatch("1201[3-5].", times[1]), times
    assert times[2] == "121000"
    assert counted.lines[-1:] == ["2"]


def test_outside_of_the_schedule_it_does_not_wake_the_board(tmp_path):
    schedule = {"schedule": {"hours": ["12:58-13:08"]}, "interval_s": 600}
    more = f"""
call('start.look_out', 'add', a, None, {_SECTION})
limit = a.uploader.try_for
def try_for(seconds):
    tell("limit", s=seconds)
    limit(seconds)
a.uploader.try_for = try_for
"""
    with sleepy(tmp_path, NOON + 3300, 600, config=schedule, more=more) as camera:
        run(camera, "join()")
        # The sensor sees something a minute after each time that it is armed, once not, then at
        # once if it is armed in the night.
        camera.world.wakes_after_s = [60.0, 60.0, 1e9, 1.0]
        told = power_on(camera, " start=8")
        counted = run(camera, "print(call('health.counters', 'read').get('triggered'))")
    # Before the window and after it the board sleeps on.
    assert camera.world.wakes_after_s == [1.0]
    times = moments(told)
    assert [time[:4] for time in times] == ["1259", "1300", "1301"] and times[1] == "130000"
    assert counted.lines[-1:] == ["2"]
    # Also when no photo is due: a small integer of the ESP32 has 31 bits, here in milliseconds.
    assert max(abs(event["s"]) for event in told.all("limit")) < 1 << 20
    unarmed = [line for line in told.lines if "I trigger unarmed" in line]
    assert unarmed[:2] == [f"I trigger unarmed again_in_s={seconds}" for seconds in (180, 0)]


def test_a_pin_that_keeps_its_level_does_not_wake_the_board_again_and_again(tmp_path):
    code = """
import machine, esp32
from firmware.power import trigger as power

class Held:
    level, pause_s = 1, 10
    def __init__(self, now):
        self.now = now
    def pin(self):
        return self.now

class App:
    windows = ((0, 1 << 40),)

app_ = App()
app_.early = App()
set_time(NOON, 0)
app_.counters = {"trigger_at": NOON - 4}
for now in (1, 0):
    app_.early.trigger = Held(now)
    tell("arm", again_s=power.arm(app_))
"""
    with board(tmp_path) as camera:
        told = run(camera, code)
    assert [event["again_s"] for event in told.all("arm")] == [60, 6]


def test_in_safe_mode_nothing_fires_so_that_nothing_keeps_the_board_from_its_tasks(tmp_path):
    """Nobody takes the photo there: the loop ended at once, again and again, for an hour."""
    with board(tmp_path, {"trigger": _SECTION, "motion": {"mode": "gate"}}) as camera:
        told = run(
            camera,
            'credentials.save("aws", {"id": "A" * 20, "secret": "s" * 40})\n'
            'call("start.supervisor", "start")\n'
            'a = call("start.build", "build", True)\ntell("built", is_early=bool(a.early))\n',
        )
    assert not told.all("built")[0]["is_early"]
