"""The heap's figures: shot/metadata.py, health/report_block.py, and the report's warning."""

import json
import re

import pytest
from app_rig import board, run

#: What MicroPython 1.24 prints on a plain ESP32.
ESP32 = (
    "stack: 736 out of 15360\r\n"
    "GC: total: 56000, used: 41232, free: 14768, max new split: 69632\r\n"
    " No. of 1-blocks: 512, 2-blocks: 128, max blk sz: 264, max free sz: {}\r\n"
)
# Stand-ins for the chip's os.dupterm() and for the output that it duplicates. As on the ESP32,
# mem_info() prints in small pieces, each in a buffer that is used again for the next one.
_CHIP = """
import os, sys

class Os:
    terminal = "webrepl"
    def __getattr__(self, name):
        return getattr(os, name)
    def dupterm(self, stream):
        before, self.terminal = self.terminal, stream
        return before

class Info:
    text = {text!r}
    def mem_info(self):
        buf = bytearray(7)
        for at in range(0, len(self.text), 7):
            piece = self.text[at : at + 7].encode()
            buf[: len(piece)] = piece
            written = chip.terminal.write(memoryview(buf)[: len(piece)])
            assert written == len(piece)
        if not self.text:
            raise MemoryError("so much")

chip = Os()
sys.modules["os"], sys.modules["micropython"] = chip, Info()
"""
_SIZE = """
tell("size", bytes=call("health.report_block", "size"))
print(chip.terminal)
"""
_REPORT = "a.tasks = {'status': 0}\na.work()\n"


@pytest.fixture(scope="module")
def camera(tmp_path_factory):
    """Yield a board that keeps nothing between two runs but its flash."""
    with board(tmp_path_factory.mktemp("memory"), heap="500K") as camera:
        yield camera


def _size(camera, text):
    told = run(camera, _CHIP.format(text=text) + _SIZE)
    assert "webrepl" in told.lines, "the terminal that was there is back"
    return told.all("size")[0]["bytes"]


@pytest.mark.parametrize(
    ("text", "size"),
    [
        (ESP32.format(210), 3360),
        (ESP32.format(0), 0),
        ("mem: total=1, current=2, peak=3\n" + ESP32.format(123456), 1_975_296),
        (ESP32.format(7).replace("\r", ""), 112),
        ("GC: another format\n", None),
        (ESP32.format("many"), None),
    ],
    ids=["usual", "full", "statistics", "newline", "format", "words"],
)
def test_the_largest_report_block_is_read_from_what_micropython_prints(camera, text, size):
    assert _size(camera, text) == size


def test_the_interpreter_prints_what_is_read(camera):
    text = camera.exec("import micropython\nmicropython.mem_info()")
    blocks = re.search(r"max free sz: (\d+)", text)
    assert blocks and int(blocks[1]) > 100
    assert _size(camera, text) == 16 * int(blocks[1])


def test_the_terminal_is_put_back_after_an_error_too(camera):
    told = run(
        camera, _CHIP.format(text="") + "try:\n    call('health.report_block', 'size')\n"
        "except MemoryError as e:\n    print(e)\nprint(chip.terminal)"
    )  # fmt: skip
    assert told.lines[-2:] == ["so much", "webrepl"]


def test_without_dupterm_nobody_knows(camera):
    told = run(camera, "tell('size', bytes=call('health.report_block', 'size'))")
    assert told.all("size")[0]["bytes"] is None
    assert not [line for line in told.lines if "max free" in line]


_FREE = """
import gc
{setup}
call("shot.metadata", "mem_free")  # loads the modules and their names
garbage = [bytes(100) for _ in range(50)]
garbage = None
found = call("shot.metadata", "mem_free", *{args})
used, free = gc.mem_alloc(), gc.mem_free()
tell("free", found=found, used=used, free=free)
"""


def _free(camera, *args, setup=""):
    return run(camera, _FREE.format(setup=setup, args=args)).all("free")[0]


def test_on_the_chip_it_is_what_is_left_of_the_first_heap(camera):
    said = _free(camera, "esp32", setup="kept = [bytearray(1000) for _ in range(60)]")
    assert said["used"] > 60_000
    assert said["found"] == pytest.approx(56_000 - said["used"], abs=1500)
    assert said["found"] < -3_000, "the heap has grown: that is below nothing"


def test_elsewhere_it_is_what_the_interpreter_says(camera):
    for args in ((), ("linux",)):
        said = _free(camera, *args)
        assert said["found"] == pytest.approx(said["free"], abs=1500)


@pytest.mark.parametrize(
    ("used", "rest", "free"),
    [(41_232, 84_400, 14_768), (60_000, 52_000, -4_000), (90_000, 4_000_000, 4_000_000)],
)
def test_both_platforms_arithmetic(camera, used, rest, free):
    """With PSRAM, the heap has room beyond the chip's own memory."""
    # mem_free() on the ESP32 includes what the heap could still take from the system.
    fake = f"""
class Gc:
    collected = 0
    def collect(self):
        self.collected += 1
    def mem_alloc(self):
        return {used}
    def mem_free(self):
        return {rest}
import sys
sys.modules["gc"] = collector = Gc()
tell("free", chip=call("shot.metadata", "mem_free", "esp32"),
     other=call("shot.metadata", "mem_free", "linux"), collected=collector.collected)
"""
    said = run(camera, fake).all("free")[0]
    assert (said["chip"], said["other"], said["collected"]) == (free, rest, 2)


def _said(told):
    return [json.loads(put["text"]) for put in told.all("put")]


@pytest.mark.parametrize(
    ("low", "blocks", "warning"),
    [
        (4_095, 64, "W app memory low free=4095 largest=1024"),
        (4_096, 63, "W app memory low free=4096 largest=1008"),
        (-5_000, 500, "W app memory low free=-5000 largest=8000"),
        (4_096, 64, None),
    ],
)
def test_little_memory_is_a_warning_in_the_report(camera, low, blocks, warning):
    told = run(
        camera, _CHIP.format(text=ESP32.format(blocks)) + f"a = app()\na.heap_free_low = {low}\n"
        + _REPORT
    )  # fmt: skip
    (said,) = _said(told)
    assert (said["heap_free_low"], said["heap_largest"]) == (low, blocks * 16)
    assert said["log"] == ([warning] if warning else [])
    assert told.said("W app memory low") == said["log"]


_AGAIN = """
from firmware.log import log
a = app()
a.heap_free_low = 1
for number in range(9):
    a.tasks = {"status": 0}
    a.work()
    if number in %r:
        log(f"W test {number}")
"""


def test_the_warning_leaves_room_for_the_others(camera):
    told = run(camera, _AGAIN % ((2, 5),))
    log = _said(told)[-1]["log"]
    assert log == ["W app memory low free=1 largest=None", "W test 2", "W test 5"]
    # Others have pushed it out of the report: it is said again.
    told = run(camera, _AGAIN % ((1, 2, 3, 4),))
    assert len(told.said("W app memory low")) == 2


def test_the_report_says_null_where_the_largest_block_is_not_known(camera):
    (said,) = _said(run(camera, "a = app()\n" + _REPORT))
    assert said["heap_largest"] is None and said["log"] == []


def test_a_photo_and_the_report_of_the_chip_say_the_chips_figure(camera):
    told = run(
        camera, _CHIP.format(text=ESP32.format(100)) + """
class Sys:
    platform = "esp32"
    def __getattr__(self, name):
        return getattr(sys, name)

import gc
sys.modules["sys"] = Sys()
a = app()
kept = [bytearray(1000) for _ in range(60)]
shoot(a)
a.tasks = {"status": 0}
a.work()
gc.collect()
tell("used", bytes=gc.mem_alloc())
"""
    )  # fmt: skip
    photo, report = told.all("put")
    left = 56_000 - told.all("used")[0]["bytes"]
    assert left < -4_000
    assert int(photo["metadata"]["heap-free"]) == pytest.approx(left, abs=6_000)
    low = json.loads(report["text"])["heap_free_low"]
    assert low <= int(photo["metadata"]["heap-free"]) and low == pytest.approx(left, abs=12_000)
    assert told.said(f"W app memory low free={low} largest=1600")
