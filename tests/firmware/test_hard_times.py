"""The flash takes no counters, or memory is short again and again: what goes on all the same."""

import threading

from app_rig import board, power_on, run
from bench import whole
from megacam.board import tree as device_tree

# A folder has the name of the file that is written first.
_FULL = "import os\nos.mkdir('/tally.new')\n"
_START = "t = call('start.supervisor', 'start')\n"


def test_a_start_whose_counters_the_flash_does_not_take_is_counted_all_the_same(camera):
    told = run(camera, _FULL + _START + "tell('start', boots=t['boots'])")
    assert told.said("E counters not kept") and told.all("start")[0]["boots"] == 1
    camera.world.cause = 5
    told = run(camera, _START + "tell('start', boots=t['boots'])")
    assert told.all("start")[0]["boots"] == 2, "from RTC memory"


def test_a_restart_happens_and_says_why_without_the_flash_too(camera):
    told = run(camera, _FULL + _START + "print(catch(call, 'start.restart', 'reset', t, 'wifi'))")
    assert told.said("W counters not kept") and told.lines[-1] == "75"
    camera.world.cause = 2
    told = run(camera, _START + "tell('start', cause=t['cause'])")
    assert told.all("start")[0]["cause"] == "wifi"


def test_counters_that_the_flash_does_not_take_are_tried_again_in_an_hour(camera):
    told = run(camera, "a = app()\n" + _FULL + """
time.sleep_ms(600000)
tell("counters", after_s=call("tasks.counters", "do", a))
os.rmdir("/tally.new")
tell("counters", after_s=call("tasks.counters", "do", a))
""")  # fmt: skip
    assert [event["after_s"] for event in told.all("counters")] == [3600, 3600]
    assert len(told.said("E counters not kept")) == 1


def test_twenty_shortages_of_memory_end_in_a_restart_and_fewer_an_hour_do_not(camera):
    told = run(camera, """
def short():
    raise MemoryError("so much")
a = app()
time.sleep_ms(600000)
def many(times):
    try:
        for _ in range(times):
            a.try_to(short)
        tell("end", why="")
    except MemoryError as e:
        tell("end", why=str(e))
many(19)
call("tasks.counters", "do", a)
many(19)
many(1)
""")  # fmt: skip
    assert [event["why"] for event in told.all("end")] == ["", "", "so much"]
    assert len(told.said("E app work failed")) == 39


_SHORT = b"""\
import builtins
import overlay
from firmware import app
load, take = overlay.load, app.App.take
def lack(offset):
    builtins.overlay = load
    raise MemoryError("so much")
def take_without_memory(self):
    builtins.overlay = lack
    app.App.take = take
    take(self)
    print("missed", self.counters["missed"], "taken", self.counters["taken"])
app.App.take = take_without_memory
app.main()
"""


def test_memory_too_short_for_the_code_that_takes_a_photo_costs_that_photo_only():
    lines = []
    over = threading.Event()

    def line(text):
        lines.append(text)
        if text.startswith("I s3 stored") or "I boot" in lines[1:]:
            over.set()

    with whole.stage(main=_SHORT) as board:
        board.start(line)
        over.wait(60)
        board.stop()
    assert [text for text in lines if "lost" in text] == ['E app photo lost why="so much"']
    assert "missed 1 taken 0" in lines and lines[-1].startswith("I s3 stored")
    assert sum(text.startswith("I boot") for text in lines) == 1


def test_a_photo_goes_without_exif_if_the_block_cannot_be_filled(camera):
    told = run(camera, "a = app()\na.exif = bytearray(4)\nshoot(a)")
    assert len(told.all("put")) == 1 and told.said("E app work failed at=exif")


def test_the_camera_starts_if_the_exif_block_cannot_be_built(tmp_path):
    broken = "def build(camera):\n    raise MemoryError('boom')\n"
    firmware = device_tree.build({"firmware.start.exif": broken}, at_prompt=True)
    with board(tmp_path, extra=firmware) as camera:
        run(camera, "join()")
        told = power_on(camera, "I app started")
        tried = run(camera, "print(call('start.build', 'build').exif)")
    assert told.said("E app work failed at=exif why=boom")
    assert tried.lines[-1] == "None"


def test_a_photo_is_taken_if_looking_for_motion_fails(camera):
    told = run(camera, """
class Broken:
    keepalive_s = 0
    def begin(self, app):
        raise OSError(5)
    def calls(self, app, left_s):
        return False
    def words(self):
        return ""
a = app()
a.early = Broken()
shoot(a)
""")  # fmt: skip
    assert len(told.all("put")) == 1 and told.said("E app work failed")


def test_settings_that_another_version_checked_are_not_used(camera):
    told = run(camera, """
import json
with open("/a/config.json") as f:
    wanted = json.load(f)
wanted["checked"] = "0.0.1"
with open("/a/config.json", "w") as f:
    json.dump(wanted, f)
from firmware.errors import ConfigError
try:
    config.load()
except ConfigError as e:
    tell("refused", why=str(e))
""")  # fmt: skip
    assert "has not been checked; restart the board" in told.all("refused")[0]["why"]
