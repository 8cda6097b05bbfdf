"""Sequences of faults after which the camera must store photos again without help."""

import re

import pytest
from app_rig import board, power_on, run, seq
from sleepy_board import photos, sleepy

_OUTAGE = "[('connect', 0, 'retry', {{}})] * 99 if start < {until} else []"


def causes(told):
    return [re.findall(r"cause=(\S+)", line)[0] for line in told.said("I boot ")]


def stored(told):
    return [put for put in photos(told) if not put["fault"]]


# Battery power.


def test_a_camera_on_batteries_gets_over_any_number_of_failures(tmp_path):
    until = 20  # more than any count after which something restarts or gives up
    with sleepy(tmp_path, interval_s=1800, connects=_OUTAGE.format(until=until)) as camera:
        run(camera, "join()")
        told = power_on(camera, f" start={until + 12}", timeout_s=120)
    assert set(causes(told)) == {"power-on", "deepsleep"}, "nothing restarts it"
    assert len(told.all("shot")) == until + 11
    # All waiting photos are sent once the store is back: the pause is 15 minutes at most.
    numbers = {seq(put["key"]) for put in stored(told)}
    assert len(numbers) == len(told.all("shot"))


def test_a_battery_lasts_through_safe_mode(tmp_path):
    crash = """
if not is_safe:
    raise ValueError("boom")
a = app(is_started=True, camera=None)
a.camera = None
return a
"""
    config = {"power": {"deep_sleep": True}}
    with board(tmp_path, config, crash) as camera:
        run(camera, "join()")
        told = power_on(camera, " start=9", timeout_s=60)
    assert causes(told) == ["power-on", *["crash"] * 5, "deepsleep", "crash", "deepsleep"]
    # It sends its report and sleeps for the rest of the hour.
    assert [put["key"] for put in told.all("put")] == ["cam1/status.json"] * 2


def test_asleep_a_photo_that_is_late_is_taken_and_what_was_missed_is_counted(tmp_path):
    # 41 minutes pass between the second wake and the end of its photo.
    slow = "[('connect', 0, 'retry', {'takes_ms': 2460000})] if start == 2 else []"
    with sleepy(tmp_path, connects=slow, config={"watchdog": False}) as camera:
        run(camera, "join()")
        told = power_on(camera, " start=5")
        counts = run(camera, "tell('counts', **call('health.counters', 'read'))").all("counts")[0]
    moments = sorted(put["key"][-17:-13] for put in photos(told))
    assert moments == ["1200", "1210", "1300", "1310"]
    # The shots from 12:20 to 12:50 were missed.
    assert (counts["taken"], counts["missed"]) == (4, 4)


def test_asleep_for_too_long_the_photo_that_was_due_is_taken_at_once(tmp_path):
    late = "[] if start != 3 else time.sleep_ms(2600000) or []"
    with sleepy(tmp_path, connects=late, config={"watchdog": False}) as camera:
        run(camera, "join()")
        told = power_on(camera, " start=5")
        counts = run(camera, "tell('counts', **call('health.counters', 'read'))").all("counts")[0]
    # The shot of 13:00 is taken at 13:03; those from 12:20 to 12:50 are missed.
    assert [put["key"][-17:-13] for put in photos(told)] == ["1200", "1210", "1303", "1310"]
    assert (counts["taken"], counts["missed"]) == (4, 4)


def test_a_wake_without_a_network_takes_its_photo_on_time(tmp_path):
    with sleepy(tmp_path, interval_s=300) as camera:
        run(camera, "join()")
        camera.world.radio.networks = []
        told = power_on(camera, " start=8", timeout_s=60)
    assert len(told.all("shot")) == 7
    kept = [int(line.partition("name=")[2][:10]) for line in told.said("I spool kept")]
    # A start takes some real milliseconds, so a second may end during it.
    assert [(moment - kept[1] + 1) // 300 for moment in kept[1:]] == list(range(6))
    assert all((moment - kept[1] + 1) % 300 < 3 for moment in kept[1:])
    # The radio is on for seconds, not minutes.
    waits = [e["up_s"] for e in told.all("shot")]
    assert max(waits[1:]) <= 60


# Safe mode.


def test_safe_mode_that_cannot_even_start_waits_its_hour(tmp_path):
    with board(tmp_path, build='raise ValueError("boom")') as camera:
        run(camera, "join()")
        told = power_on(camera, " start=10", timeout_s=60)
    assert causes(told)[:8] == ["power-on", *["crash"] * 5, "retry", "crash"]
    assert told.said("E safe mode failed")
    writes = [line for line in told.lines if line.startswith("W restart")]
    # It restarts ten seconds after each crash; safe mode lasts an hour.
    assert [line.partition("why=")[2] for line in writes[:7]] == ["crash"] * 5 + ["retry", "crash"]


def test_safe_mode_that_hangs_gives_way_to_another_try(tmp_path):
    hangs = """
if not is_safe:
    raise ValueError("boom")
while True:
    time.sleep_ms(1000)
    import machine
    machine.reset_cause()
"""
    with board(tmp_path, build=hangs) as camera:
        run(camera, "join()")
        told = power_on(camera, " start=9", timeout_s=60)
    assert causes(told) == ["power-on", *["crash"] * 5, "watchdog", "retry", "crash"]


def test_after_safe_mode_photos_are_taken_once_the_fault_is_gone(tmp_path):
    build = """
if call("health.counters", "read")["boots"] < 8:
    raise ValueError("boom")
return app(is_started=True)
"""
    with board(tmp_path, build=build) as camera:
        run(camera, "join()")
        told = power_on(camera, "I s3 stored", timeout_s=60)
    assert stored(told) and causes(told)[-1] == "retry"


# Credentials and settings.


_KEY = "credentials.save('aws', {'id': 'A' * 20, 'secret': 's' * 40})\n"
_WIFI = "credentials.save('wifi', [{'ssid': 'Barn', 'password': 'hay hay hay'}])\n"
_DAMAGED = "from esp32 import NVS\nNVS('megacam').set_blob('aws', b'damaged')\n"
_ODD = "credentials.save('aws', {'name': 'another version'})\n"


@pytest.mark.parametrize("nvs", ["", _DAMAGED, _ODD], ids=["missing", "damaged", "other version"])
def test_without_a_key_photos_are_taken_and_wait_until_there_is_one(tmp_path, nvs):
    config = {"interval_s": 60, "camera": {"resolution": "320x240"}}
    with board(tmp_path, config, camera=["--scene"]) as camera:
        run(camera, "import os\nos.mkdir('/a/roots')\n" + _WIFI + nvs)
        told = power_on(camera, "waiting=3", timeout_s=60)
        (said,) = told.said("E credentials unusable")
        assert "megacam provision" in said and "photos wait" in said
        assert len(told.said("I spool kept")) == 3
        run(camera, _KEY)
        told = power_on(camera, "I app started", timeout_s=60)
        assert told.said("I app started") and not told.said("E credentials")


def test_a_key_that_comes_later_is_found_without_a_hand(tmp_path):
    with board(tmp_path) as camera:
        told = run(
            camera,
            f"""
a = app()
a.uploader.store.credentials = None
tell("open", is_open=bool(a.uploader.is_open()))
tell("key", after_s=call("tasks.key", "do", a))
time.sleep_ms(700000)
{_KEY}tell("key", code=catch(call, "tasks.key", "do", a))
print(call("health.counters", "read")["why"])
""",
        )
    assert told.all("open") and not told.all("open")[0]["is_open"]
    first, second = told.all("key")
    assert first["after_s"] == 300 and second["code"] == 75
    assert told.lines[-1] == "credentials"


def test_a_key_that_is_whole_but_of_no_use_restarts_the_board_once_an_hour_only(tmp_path):
    pair = (
        "credentials.save('iot', {'host': 'h', 'role_alias': 'r', 'thing': 't'})\n"
        "credentials.save_der('iot_cert', b'cert')\ncredentials.save_der('iot_key', b'key')\n"
    )
    config = {"interval_s": 60, "camera": {"resolution": "320x240"}}
    with board(tmp_path, config, camera=["--scene"]) as camera:
        run(camera, "import os\nos.mkdir('/a/roots')\n" + _WIFI + pair)
        told = power_on(camera, "waiting=3", timeout_s=60)
    assert causes(told) == ["power-on"] and len(told.said("I spool kept")) == 3


def test_settings_that_cannot_be_used_are_looked_at_again(tmp_path):
    with board(tmp_path) as camera:
        image = camera.image.read_bytes()
        run(camera, "join()\nimport os\nos.remove('/a/config.json')")
        told = power_on(camera, " start=3", timeout_s=60)
        assert causes(told) == ["power-on", "settings", "settings"]
        assert "config.json is missing" in "".join(told.lines)
        camera.image.write_bytes(image)
        run(camera, "join()")
        assert power_on(camera, "I app started", timeout_s=60).said("I app started")


def test_a_counters_of_another_version_is_no_obstacle(tmp_path):
    odd = {"boots": None, "cycle": [1], "seq": "x", "due": 1.5, "quick": 3, "reboots": {"hard": 2}}
    with board(tmp_path, build="return app(is_started=True)") as camera:
        run(camera, f"join()\ncall('health.counters', 'keep', {odd})")
        assert power_on(camera, '"what": "stored"').all("stored")


# The watchdog.


def test_the_watchdog_is_on_before_the_radio_is(tmp_path):
    """Without it, a scan that never returns would stop a battery-powered camera for good."""
    with board(tmp_path, build="return app(is_started=True)") as camera:
        asked = []
        answer = camera.world.answer

        def listen(name, *args):
            asked.append(name)
            return answer(name, *args)

        camera.world.answer = listen
        run(camera, "join()")
        asked.clear()
        power_on(camera, '"what": "stored"')
    assert "WDT" in asked[: asked.index("WLAN")]


def test_flash_that_cannot_be_written_costs_no_photo_that_can_be_sent(tmp_path):
    with board(tmp_path) as camera:
        told = run(
            camera,
            "a = app()\nimport os, builtins\nimport vfs\n"
            "call('shot.sequence', 'advance', a.counters, '/absent/sequence')\n"
            "call('shot.sequence', 'advance', a.counters, '/absent/sequence')\n"
            "print(a.counters['seq'])",
        )
    assert told.lines[-1] == "2" and len(told.said("W sequence not kept")) == 2
