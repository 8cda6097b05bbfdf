"""firmware/health/led.py and sensor.py on a simulated board."""

import re

import pytest
from megacam.board import tree
from megacam.sim.board import Board

PROBE = """
import time
def read(): return 21.5
def long(): return "x" * 100
def strange(): return " 5 \\u00b0C\\r\\nx-amz-acl: public "
def nothing(): return ""
def broken(): raise ValueError("no answer on I2C")
def slow():
    time.sleep_ms(600)
    return 7
print("loaded")
"""
_READ = """
from firmware.shot import sensor
for _ in range({times}):
    print(repr(sensor.read({{"function": {function!r}, "limit_ms": 500}})))
"""


@pytest.fixture
def board(tmp_path):
    files = {
        **tree.build(at_prompt=True),
        "probe.py": PROBE.encode(),
        "lib/kept.py": PROBE.encode(),
    }
    with Board(tmp_path, tree.placed(files), fast=True) as board:
        yield board


def _read(board, function, times=1):
    return board.exec(_READ.format(function=function, times=times)).strip().split("\n")


def test_a_reading_is_text(board):
    assert _read(board, "probe:read") == ["loaded", "'21.5'"]
    assert _read(board, "probe:nothing")[1:] == ["''"]
    assert _read(board, "") == ["''"]


def test_a_reading_is_short_and_fits_into_one_header(board):
    assert _read(board, "probe:long")[1:] == [repr("x" * 64)]
    assert _read(board, "probe:strange")[1:] == ["'5 ?C??x-amz-acl: public'"]


@pytest.mark.parametrize(
    ("function", "why"),
    [
        ("probe:broken", "no answer on I2C"),
        ("probe:absent", "AttributeError"),
        ("absent:read", "ImportError"),
    ],
)
def test_a_sensor_that_fails_costs_only_its_reading(board, function, why):
    *lines, value = _read(board, function)
    assert value == "''"
    assert lines[-1].startswith("W sensor failed why=") and why in lines[-1]


def test_a_sensor_that_is_too_slow_is_to_be_left_out(board):
    said, value = _read(board, "probe:slow")[1:]
    assert said.startswith("W sensor left out")
    assert "function=probe:slow" in said
    assert int(re.search(r"took_ms=(\d+)", said)[1]) >= 600
    assert value == "None"


def test_only_a_module_in_lib_stays_loaded(board):
    assert _read(board, "probe:read", 3).count("loaded") == 3
    assert _read(board, "kept:read", 3).count("loaded") == 1


_SHOW = """
from firmware.health import led
kept = led.show({{"pin": {pin}, "inverted": {inverted}}}, {state!r})
print(kept is not None)
"""


@pytest.mark.parametrize(
    ("state", "hz", "percent"),
    [("working", 1, 5), ("waiting", 1, 50), ("failing", 5, 50),
     ("safe", 1, 95), ("off", 1, 0)],
)  # fmt: skip
def test_every_state_has_its_own_blinking(board, state, hz, percent):
    for inverted in (False, True):
        board.exec(_SHOW.format(pin=2, inverted=inverted, state=state))
        flashes, duty = board.world.pwms[2]
        on = 65535 - duty if inverted else duty
        assert flashes == hz
        assert abs(on / 65535 * 100 - percent) < 0.01


def test_no_led_is_touched_where_there_is_none(board):
    assert board.exec(_SHOW.format(pin=-1, inverted=False, state="working")) == "False\n"
    assert not board.world.pwms


def test_the_table_in_the_docs_has_every_state():
    text = (tree.root() / "docs/settings.md").read_text()
    table = (tree.root() / "firmware/health/led.py").read_text()
    states = re.findall(r'^    "(\w+)": \(', table, re.MULTILINE)
    assert len(states) == 4
    for state in states:
        assert f"| {state} |" in text
