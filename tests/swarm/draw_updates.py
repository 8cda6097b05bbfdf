"""Draw the owner of a camera that takes updates: releases in mid-life, and trouble in between.

It has random numbers of its own, so that all else of a seed is what it is without updates.
"""

import random

from swarm import draw_faults, releases
from swarm.history import Fault, History

_SHARE = 0.25
_STROKES = ("power-off", "plug-twice", "kill", "cut", "cut", "restart")
#: What the owner pushes first, so that a release of this kind makes sense.
_BEFORE = {"older": "good", "old-key": "next-key", "widened": "not-yet"}


def add(made: History) -> None:
    """Let the camera of some histories take updates, and add its owner's releases to `faults`."""
    rng = random.Random(f"updates {made.seed}")
    made.world["updates"] = rng.random() < _SHARE
    if not made.world["updates"]:
        return
    made.config["status_min"] = rng.choice((1, 1, 5, 15))
    for _ in range(rng.choice((1, 2, 3, 4))):
        at_s = round(rng.uniform(0.05, 0.8) * made.span_s, 3)
        groups = (releases.GOOD, releases.BROKEN, releases.REFUSED, releases.REFUSED)
        kind = rng.choice(rng.choice(groups))
        made.faults.append(Fault("release", at_s, detail=kind))
        if kind in _BEFORE:
            made.faults.append(Fault("release", round(at_s / 3, 3), detail=_BEFORE[kind]))
        if rng.random() < 0.5:
            made.faults += _strokes(rng, made, at_s)
    made.faults.sort(key=lambda fault: (fault.start_s, fault.kind))


def _strokes(rng: random.Random, made: History, at_s: float) -> list[Fault]:
    """Return what ends starts of the camera while it fetches a release, switches, or tries it."""
    found = []
    long_s = made.config["status_min"] * 60 + 4 * made.config["interval_s"]
    for _ in range(rng.choice((1, 3, 8))):
        stroke = rng.choice(_STROKES)
        number, detail = draw_faults.number_and_detail(rng, stroke)
        if stroke == "cut":
            number = int(2 ** rng.uniform(0, 11))
        start_s = round(at_s + rng.uniform(0, long_s), 3)
        found.append(Fault(stroke, start_s, 0, detail, number))
    return found
