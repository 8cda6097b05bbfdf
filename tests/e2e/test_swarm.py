"""Whole histories of the swarm on the real interpreter, and the ones that once broke something."""

import subprocess
import sys

import pytest
from swarm import draw, shrink, world
from swarm.history import History

_SEED = 2002
_BUSY = "while True: pass"


def test_the_same_seed_gives_the_same_log_to_the_byte_on_a_busy_machine_too():
    history = draw.history(_SEED)
    history.span_s = 2400  # with another store in it, and two starts
    idle = world.run(history)
    busy = [subprocess.Popen([sys.executable, "-c", _BUSY]) for _ in range(4)]
    try:
        again = world.run(history)
    finally:
        for process in busy:
            process.kill()
            process.wait()
    assert not idle.broken, idle.broken
    assert len(idle.log) > 100
    assert "\n".join(again.log).encode() == "\n".join(idle.log).encode()


@pytest.mark.parametrize("path", sorted(shrink.FOUND.glob("*.json")), ids=lambda path: path.stem)
def test_what_once_broke_holds(path):
    outcome = world.run(History.from_json(path.read_text()))
    assert not outcome.broken, "\n".join(outcome.log[-60:])


@pytest.mark.parametrize(
    ("mutation", "seed", "invariant"),
    [
        ("the certificate is not verified", 2, "tls"),
        ("the time of the exposure is the time after the request", 2, "date"),
        ("the schedule is not read", 3, "schedule"),
    ],
)
def test_a_planted_mistake_is_found(mutation, seed, invariant):
    outcome = world.run(draw.history(seed), mutation=mutation)
    assert outcome.broken
    assert outcome.broken[0] == invariant
