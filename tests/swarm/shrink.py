"""Make a history that breaks an invariant as short as it can be: remove faults, then settings.

This is delta debugging (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing
Input"): halves first, then ever smaller parts. The first invariant that breaks has to stay.
"""

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from swarm import draw, world
from swarm.history import Fault, History

FOUND = Path(__file__).parent / "found"
#: What a history has at least: everything else may go.
PLAIN_WORLD = {
    "camera": "3mp",
    "ppm": 0,
    "sleep_ppm": 0,
    "delay_ms": 30,
    "sizes": [900, 1900],
    "iot": False,
    "card": False,
    "certificate_s": 0,
    "sensor": "",
    "updates": False,
}
_KEPT = ("device", "interval_s", "s3", "power", "spool", "location", "camera")


def main(seed: int, mistake: str = "") -> int:
    """Shrink the history of a seed and print it; `mistake` is one to plant in the firmware."""
    history = draw.history(seed)
    name = broken(history, mistake)
    if not name:
        print(f"seed {seed} breaks nothing")
        return 0
    print(f"seed {seed} breaks {name!r}: {history.described()}", flush=True)
    history = shrunk(history, lambda one: broken(one, mistake) == name)
    print(f"the shortest that still does: {history.described()}")
    place = FOUND.relative_to(FOUND.parents[2]) / f"{name.replace(' ', '-')}-of-seed-{seed}.json"
    print(f"As {place} it is a test, which tests/e2e/test_swarm.py runs:\n")
    print(history.to_json())
    return 1


def broken(history: History, mistake: str = "") -> str:
    """Return the name of the first invariant that a history breaks, or ""."""
    outcome = world.run(history, is_logging=False, mutation=mistake)
    return outcome.broken[0] if outcome.broken else ""


def shrunk(history: History, is_bad: Callable[[History], bool]) -> History:
    """Return the shortest history that `is_bad` still accepts."""
    best = _with_few_faults(history, is_bad)
    for simpler in _simpler(best):
        candidate = simpler(best)
        if candidate != best and is_bad(candidate):
            best = candidate
    return _with_few_faults(best, is_bad)


def _with_few_faults(history: History, is_bad: Callable[[History], bool]) -> History:
    faults, parts = history.faults, 2
    while faults:
        size = max(1, len(faults) // parts)
        for at in range(0, len(faults), size):
            fewer = faults[:at] + faults[at + size :]
            if is_bad(_with(history, fewer)):
                faults, parts = fewer, max(parts - 1, 2)
                break
        else:
            if size == 1:
                break
            parts *= 2
    return _with(history, faults)


def _with(history: History, faults: list[Fault]) -> History:
    made = copy.deepcopy(history)
    made.faults = list(faults)
    return made


def _simpler(history: History) -> Iterator[Callable[[History], History]]:
    """Yield the ways to make a history simpler, the greatest steps first."""
    for name in history.config:
        if name not in _KEPT:
            yield lambda one, name=name: _without(one, name)
    for section, settings in history.config.items():
        if isinstance(settings, dict):
            for name in settings:
                if (section, name) not in (("s3", "bucket"), ("power", "deep_sleep")):
                    yield lambda one, s=section, n=name: _without(one, s, n)
    for name, value in PLAIN_WORLD.items():
        yield lambda one, n=name, v=value: _in_world(one, n, v)
    yield _awake
    yield lambda one: _in_world(one, "networks", one.world["networks"][:1])
    yield lambda one: _in_world(one, "networks", [_plain(n) for n in one.world["networks"]])
    for share in (0.25, 0.5, 0.75):
        yield lambda one, share=share: _shorter(one, share)


def _without(history: History, section: str, name: str = "") -> History:
    made = copy.deepcopy(history)
    if name:
        made.config.get(section, {}).pop(name, None)
    else:
        made.config.pop(section, None)
    made.config["spool"].setdefault("limit_kb", 100)
    made.config["s3"].setdefault("region", "us-east-1")
    made.world["card"] = "sd" in made.config["spool"]
    return made


def _in_world(history: History, name: str, value: object) -> History:
    made = copy.deepcopy(history)
    made.world[name] = value
    if name == "card" and not value:
        made.config["spool"].pop("sd", None)
    return made


def _plain(network: dict[str, Any]) -> dict[str, Any]:
    return {name: network[name] for name in ("ssid", "password", "rssi")}


def _awake(history: History) -> History:
    made = copy.deepcopy(history)
    made.config["power"] = {"deep_sleep": False}
    return made


def _shorter(history: History, share: float) -> History:
    made = copy.deepcopy(history)
    last_s = max((max(f.start_s, f.end_s) for f in made.faults), default=0)
    made.span_s = int(max(last_s, made.span_s * share))
    return made
