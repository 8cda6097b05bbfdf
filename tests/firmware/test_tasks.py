"""firmware/tasks/*.py on a simulated board: what each task does and returns, and the loop."""

import itertools

from app_rig import BARN, NOON, board, run

_DAY_S = 86400
DO = """
def do(name):
    tell(name, after_s=call("tasks." + name, "do", a))
"""


def do(camera, code, at="NOON"):
    return run(camera, f"{DO}a = app(at={at})\n{code}\nreport(a)")


# The loop.


def test_tasks_are_done_on_time_also_where_photos_are_hours_apart(camera):
    told = run(camera, """
class Signals(list):
    def append(self, dbm):
        tell("signal")
a = app()
a.interval_s = 14400
a.tasks["link"] = 0
a.signals = Signals()
shots = []
def take():
    tell("shot")
    if len(shots) == 2:
        raise KeyboardInterrupt
    shots.append(1)
a.take = take
try:
    a.run()
except KeyboardInterrupt:
    pass
""")  # fmt: skip
    shots = [shot["up_s"] for shot in told.all("shot")]
    # Exact multiples of the interval by the wall clock, and less than a second late.
    assert [shot // 100 for shot in shots[1:]] == [(shots[0] + 14400 * n) // 100 for n in (1, 2)]
    signals = [signal["up_s"] for signal in told.all("signal")]
    gaps = [later - earlier for earlier, later in itertools.pairwise(signals)]
    assert min(gaps) >= 60 and max(gaps) <= 130


def test_a_task_that_fails_costs_nothing_else(camera):
    told = run(camera, "a = app()\na.tasks['absent'] = 0\na.work()\nshoot(a)\nreport(a)")
    assert told.said("E app work failed") and told.end["counters"]["stored"] == 1


_ABSENT = "from arducam_mega import CameraError\nabsent = CameraError('absent', 'nobody')\n"


def test_a_camera_that_was_absent_at_the_start_is_set_up_by_a_restart_once_it_answers(camera):
    told = run(camera, _ABSENT + """
a = app(camera=Camera([absent, absent]))
a.is_camera_ready = False
shoot(a, 2)
tell("back", code=catch(a.take), missed=a.counters["missed"])
print(call("health.counters", "read")["why"])
""")  # fmt: skip
    (back,) = told.all("back")
    assert (back["code"], back["missed"]) == (75, 2)
    assert "camera" in told.lines and not told.all("shot")


def test_a_camera_that_was_set_up_once_recovers_without_a_restart(camera):
    code = "a = app(camera=Camera([absent, absent]))\nshoot(a, 3)\nreport(a)"
    told = run(camera, _ABSENT + code)
    assert not told.all("reset") and told.end["counters"]["missed"] == 2
    assert told.end["counters"]["stored"] == 1
    told = run(camera, "a = app()\na.tasks['absent'] = 0\n"
               "for _ in range(40):\n    a.work()\n    time.sleep_ms(30000)")  # fmt: skip
    assert 4 <= len(told.said("E app work failed")) <= 5, "again after five minutes"


# link


def test_link_joins_and_notes_the_signal(camera):
    told = do(camera, "wifi.off()\ndo('link')\nfor _ in range(14):\n    do('link')\n"
              "tell('signals', signals=a.signals)")  # fmt: skip
    assert {event["after_s"] for event in told.all("link")} == {60}
    assert told.all("signals")[0]["signals"] == [BARN["rssi"]] * 12
    (joined,) = told.said("I wifi joined")
    assert "ssid=Barn" in joined


def test_link_tries_harder_and_restarts_the_board_after_about_an_hour(camera):
    camera.world.radio.networks = []
    told = run(camera, """
counters = call("start.supervisor", "start")
credentials.save("wifi", [{"ssid": "Barn", "password": "hay hay hay"}])
uploader = Uploader("cam1", Store(), ("/spool", 1 << 20), (9, 9), counters, lambda: 0)
a = App(30, Camera(), uploader, {})
while True:
    after_s = []
    code = catch(lambda: after_s.append(call("tasks.link", "do", a)))
    tell("link", after_s=after_s, code=code)
    if code:
        break
    time.sleep_ms(after_s[0] * 1000)
print(call("health.counters", "read")["why"])
""")  # fmt: skip
    tries = told.all("link")
    assert [event["after_s"] for event in tries[:6]] == [[60], [120], [180], [240], [300], [300]]
    assert len(tries) == 14 and tries[-1]["code"] == 75
    assert 3000 < tries[-1]["up_s"] < 4500
    assert told.lines[-1] == "wifi"
    # From the third try on, the radio is switched off and on.
    assert camera.world.radio.cycles == 12
    assert all("'Barn' not found" in line for line in told.said("W wifi failed"))


def test_link_that_answers_to_nobody_is_joined_anew_and_then_the_board_restarts(camera):
    told = do(camera, """
for unanswered in (7, 8, 9, 15, 16):
    a.uploader.unanswered = unanswered
    code = catch(do, "link")
    tell("after", unanswered=a.uploader.unanswered, code=code, is_up=wifi.is_up())
print(call("health.counters", "read")["why"])
""")  # fmt: skip
    after = told.all("after")
    assert [event["unanswered"] for event in after[:4]] == [7, 9, 9, 15]
    assert [event["code"] for event in after] == [None] * 4 + [75]
    assert all(event["is_up"] for event in after)
    assert camera.world.radio.cycles == 1 and len(told.said("I wifi joined")) == 1
    assert "network" in told.lines


def test_link_has_the_clock_set_when_the_store_says_that_it_is_wrong(camera):
    told = do(camera, """
a.tasks["clock"] = 1 << 20
for skew_s in (0, -500):
    a.uploader.store.skew_s = skew_s
    do("link")
    tell("due", due=a.tasks["clock"])
""")  # fmt: skip
    assert [event["due"] for event in told.all("due")] == [1 << 20, 0]


def test_link_has_the_clock_set_when_a_certificate_seems_not_to_be_valid(camera):
    refused = [("tls", 0, "clock", {})] * 3
    told = do(camera, f"""
a.uploader.store.connects = {refused}
a.tasks["clock"] = 1 << 20
a.uploader.connect()
do("link")
tell("due", due=a.tasks["clock"], why=a.uploader.is_clock_doubted)
do("clock")
tell("then", why=a.uploader.is_clock_doubted)
""")  # fmt: skip
    assert told.all("due")[0]["due"] == 0 and told.all("due")[0]["why"]
    assert not told.all("then")[0]["why"]


# plan


def test_plan_has_nothing_to_do_all_day_every_day(camera):
    told = do(camera, "do('plan')\ntell('w', windows=a.windows, until=a.windows_until)")
    assert told.all("plan")[0]["after_s"] == _DAY_S
    assert told.all("w")[0]["windows"] == [[0, 1 << 40]]
    camera.world.power_on()
    assert do(camera, "do('plan')", at=0).all("plan")[0]["after_s"] == 30


def test_plan_is_followed_from_day_to_day(tmp_path):
    schedule = {"hours": ["13:00-13:10"], "weekdays": ["tue", "thu", "fri"]}
    with board(tmp_path, {"schedule": schedule, "interval_s": 300}) as camera:
        told = run(camera, """
a = app()
a.interval_s = 300
a.tasks = {"plan": 0}
def take():
    if clock.now() > NOON + 4 * 86400:
        raise KeyboardInterrupt
    tell("shot", at=clock.now())
a.take = take
try:
    a.run()
except KeyboardInterrupt:
    pass
""")  # fmt: skip
    # 2026-11-24 is a Tuesday.
    hour = NOON + 3600
    wanted = [hour + day * _DAY_S + s for day in (0, 2, 3) for s in (0, 300)]
    assert [shot["at"] for shot in told.all("shot")] == wanted


# day


def test_day_begins_at_midnight_utc_and_says_when_the_cap_is_reached(camera):
    told = run(camera, DO + """
a = app(cap=(5, 100), at=NOON + 43200 - 100)
a.counters["day"], a.counters["requests"], a.counters["sent_kb"] = NOON // 86400, 5, 7
do("day")
report(a)
time.sleep_ms(100000)
do("day")
report(a)
""")  # fmt: skip
    assert [event["after_s"] for event in told.all("day")] == [100, 300]
    before, after = told.all("end")
    assert (before["counters"]["requests"], before["counters"]["sent_kb"]) == (5, 7)
    assert (after["counters"]["requests"], after["counters"]["sent_kb"]) == (0, 0)
    assert len(told.said("E app daily cap reached")) == 1
    camera.world.power_on()
    assert do(camera, "do('day')", at=0).all("day")[0]["after_s"] == 30


# led


def test_led_shows_how_the_camera_is_doing(tmp_path):
    with board(tmp_path, {"led": {"pin": 2}}) as camera:
        shown = {}
        for state, code in {
            "working": "",
            "waiting": "a.uploader.failures = 1\n",
            "failing": "a.failures = 3\n",
            "safe": "a.camera = None\n",
        }.items():
            told = do(camera, f"{code}do('led')\ntell('state', state=a.state)")
            assert told.all("state")[0]["state"] == state
            assert told.all("led")[0]["after_s"] == 30
            shown[state] = camera.world.pwms[2]
        assert len(set(shown.values())) == 4


def test_led_is_no_task_where_there_is_none(camera):
    assert do(camera, "do('led')").all("led")[0]["after_s"] > _DAY_S
    assert not camera.world.pwms


# counters


def test_counters_is_written_hourly(camera):
    told = do(camera, """
from machine import RTC
def on_flash():
    RTC().memory(b"")
    tell("flash", taken=call("health.counters", "read")["taken"])
a.counters["taken"] = 41
do("counters")
on_flash()
time.sleep_ms(600000)
do("counters")
on_flash()
""")  # fmt: skip
    assert [event["after_s"] for event in told.all("counters")] == [600, 3600]
    assert [event["taken"] for event in told.all("flash")] == [0, 41]


def test_a_camera_that_gave_no_photo_for_an_hour_restarts_the_board(camera):
    told = do(camera, """
a.failures, a.good_s = 7, clock.uptime_s()
time.sleep_ms(3500000)
tell("early", code=catch(do, "counters"))
time.sleep_ms(200000)
tell("late", code=catch(do, "counters"))
print(call("health.counters", "read")["why"])
""")  # fmt: skip
    assert told.all("early")[0]["code"] is None and told.all("late")[0]["code"] == 75
    assert "camera" in told.lines


# spool


def test_spool_is_counted_at_the_start(camera):
    run(camera, "a = app()\na.uploader.is_ready = lambda: False\nshoot(a, 3)")
    told = do(camera, "a.uploader.waiting = 0\ndo('spool')")
    assert told.end["waiting"] == 3 and told.all("spool")[0]["after_s"] >= _DAY_S
