"""Whole histories of the swarm on the real interpreter, and the ones that once broke something."""

import hashlib
import os
import subprocess
import sys

import pytest
from swarm import draw, shrink, world
from swarm.history import Fault, History

_SEED = 2380
_BUSY = "while True: pass"
_ELSEWHERE = """
import sys
from swarm import world
from swarm.history import History
print(*world.run(History.from_json(sys.stdin.read())).log, sep="\\n")
"""


def _log_elsewhere(history):
    """Return the log of a history as another process writes it, whose sets are in other order."""
    there = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "5"}
    asked = {"input": history.to_json(), "env": there, "text": True, "check": True}
    return subprocess.run([sys.executable, "-c", _ELSEWHERE], stdout=-1, **asked).stdout


def test_the_same_seed_gives_the_same_log_to_the_byte_in_another_process_of_a_busy_machine():
    history = draw.history(_SEED)
    history.span_s = 1200  # with another store in it, and two starts
    idle = world.run(history)
    with subprocess.Popen([sys.executable, "-S", "-c", _BUSY]) as busy:
        try:
            again = _log_elsewhere(history)
        finally:
            busy.kill()
    assert not idle.broken, idle.broken
    assert len(idle.log) > 100
    assert again == "\n".join(idle.log) + "\n"
    assert hashlib.sha256(again.encode()).hexdigest().startswith(idle.fingerprint)


@pytest.mark.parametrize("path", sorted(shrink.FOUND.glob("*.json")), ids=lambda path: path.stem)
def test_what_once_broke_holds(path):
    outcome = world.run(History.from_json(path.read_text()))
    assert not outcome.broken, "\n".join(outcome.log[-60:])


def test_shrinking_a_seed_prints_the_shortest_history_that_breaks_as_a_test(capsys):
    mistake = "the certificate is not verified"
    assert shrink.main(6, mistake) == 1
    said, _, text = capsys.readouterr().out.partition("{")
    short = History.from_json("{" + text)
    assert "seed 6 breaks 'tls'" in said and "tests/swarm/found/tls-of-seed-6.json" in said
    assert shrink.broken(short, mistake) == "tls" and not shrink.broken(short)
    assert short.faults == [] and short.span_s < 600 and len(short.world["networks"]) == 1
    assert set(short.config) <= {
        "device",
        "interval_s",
        "s3",
        "camera",
        "spool",
        "power",
        "location",
    }


def test_a_planted_mistake_is_found():
    mistake = "the time of the exposure is the time after the request"
    outcome = world.run(draw.history(12), mutation=mistake)
    assert outcome.broken
    assert outcome.broken[0] == "date"


def _plain(**about):
    """Return the history of a camera that takes a photo a minute, and nothing happens."""
    made = draw.history(_SEED)
    made.config = {
        "device": "cam1",
        "interval_s": 60,
        "status_min": 1,
        "s3": {"bucket": "swarm-photos", "region": "us-east-1", "integrity": "auto"},
        "camera": {"resolution": "96x96", "quality": "low"},
        "spool": {"limit_kb": 100, "first": False},
        "power": {"deep_sleep": False},
        "location": {"name": ""},
    }
    network = {"ssid": "Observatory", "password": "clear skies tonight", "rssi": -58}
    made.world = {**shrink.PLAIN_WORLD, "store": "aws", "networks": [network], **about}
    made.world["iot_life_s"] = 900
    made.faults, made.span_s = [], 600
    return made


@pytest.mark.parametrize(
    ("mutation", "release", "invariant"),
    [
        ("a slot is kept that has stored no photo", "good", "kept"),
        ("anybody can seal a Wi-Fi change", "other-seal", "networks"),
    ],
)
def test_a_mistake_in_updates_is_found_by_the_first_release_that_comes_to_it(
    mutation, release, invariant
):
    made = _plain(updates=True)
    made.faults = [Fault("release", 300, detail=release)]
    outcome = world.run(made, mutation=mutation)
    assert outcome.broken
    assert outcome.broken[0] == invariant


def test_a_history_ends_early_after_so_many_questions():
    outcome = world.run(_plain(), questions=900)
    assert not outcome.broken
    assert outcome.figures["questions"] == 901 and outcome.figures["photos"] > 2
