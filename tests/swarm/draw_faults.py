"""Draw what happens in a history: faults, and a person.

This is swarm testing: each seed has only some of the kinds of fault, and much of each, because
faults hide one another. Some seeds have storms as well: a few kinds that happen together, again
and again, because much breaks only when one trouble meets another. Some begin with a wrong clock.
"""

import random

from swarm import servers
from swarm.history import ACTS, LASTING, SUDDEN, Fault, History

_MINUTE_S = 60
# After each of these it takes an hour, or a person.
_SELDOM = (*ACTS, "router-password", "key-revoked", "root-changed", "bucket-gone", "radio-dead")
_CAMERA_FAULTS = (
    *("capture-stuck:1", "capture-stuck:4", "idle-stuck:1", "length-zero:1", "length-8mib:1"),
    *("length-all-ones:1", "constant-frame:1", "constant-frame:4", "sensor-reset-in-field:1"),
    *("sensor-only-reset:1", "brown-out:1", "dies-in-burst:1", "missing-eoi:1", "soi-at-one:1"),
    *("slow-capture:1", "slow-reset:1"),
)
#: Where the board is killed: {place: at most at this event of the kind after it is due}.
PLACES = {"spi": 300, "world": 60, "head": 2, "body": 2, "stored": 2, "replied": 2, "line": 15}
# What a storm is made of.
_TIMES = ("ntp-lies", "ntp-lies", "ntp-lies", "ntp-blocked", "date-wrong")
_NETWORK = ("no-wifi", "no-dns", "packets-lost", "refused", "portal", "silent-handshake")
_STORE = ("silent-head", "silent-reply", "internal-error", "access-denied", "reset-before-reply")
_STROKES = ("power-off", "power-off", "plug-twice", "kill", "cut", "restart")
_STORM_S = (240, 6 * 3600)


def faults(rng: random.Random, made: History) -> list[Fault]:
    """Return what happens in the history `made`, in the order of time."""
    kinds = [kind for kind in (*LASTING, *SUDDEN, *ACTS) if _fits(kind, made)]
    chosen = rng.sample(kinds, min(len(kinds), rng.choice((0, 1, 2, 3, 4, 6))))
    if "visitor" in kinds and rng.random() < 0.8:
        chosen = sorted({*chosen, "visitor"})
    found: list[Fault] = []
    for kind in sorted(chosen):
        for _ in range(_times(rng, kind)):
            found.append(_fault(rng, kind, made))
    if rng.random() < 0.5:
        found += _storms(rng, made)
    if rng.random() < 0.15:
        # The clock is wrong from the first moment, and then all is well.
        lie = rng.choice(("-7200", "7200"))
        found.append(Fault("ntp-lies", 0, round(rng.uniform(300, 0.4 * made.span_s)), lie))
    if rng.random() < 0.1:
        found.append(Fault("radio-dead", round(rng.uniform(60, 0.6 * made.span_s), 3)))
    found.sort(key=lambda fault: (fault.start_s, fault.kind))
    return found


def _storms(rng: random.Random, made: History) -> list[Fault]:
    kinds = [rng.choice(_TIMES), rng.choice(_NETWORK + _STORE)]
    stroke = rng.choice(_STROKES)
    found: list[Fault] = []
    for _ in range(rng.choice((1, 2, 4))):
        low_s, high_s = _STORM_S
        long_s = low_s * (min(high_s, max(made.span_s / 2, low_s)) / low_s) ** rng.random()
        start_s = rng.uniform(60, max(made.span_s * 0.6 - long_s, 120))
        if rng.random() < 0.4:
            start_s = 0  # the camera is set up in bad weather
        end_s = start_s + long_s
        for kind in kinds:
            detail = _detail(rng, kind)
            found.append(Fault(kind, round(start_s, 3), round(end_s, 3), detail))
        for _ in range(rng.choice((1, 2, 4))):
            number, detail = number_and_detail(rng, stroke)
            at_s = round(rng.uniform(start_s, end_s), 3)
            found.append(Fault(stroke, at_s, 0, detail, number))
    return found


def _fits(kind: str, made: History) -> bool:
    if kind == "release":
        return False  # draw_updates.py draws them
    if kind in ("card-out", "card-worn", "new-card"):
        return made.world["card"]
    if kind == "battery-low":
        return "battery_pin" in made.config["power"]
    if kind == "visitor":
        return "motion" in made.config or "trigger" in made.config
    if kind == "expired-token":
        return made.world["iot"]
    return True


def _times(rng: random.Random, kind: str) -> int:
    if kind in _SELDOM:
        return rng.choice((1, 1, 2))
    if kind == "visitor":
        return rng.choice((10, 40))
    return rng.choice((1, 2, 4, 8)) if kind in LASTING else rng.choice((3, 10, 30))


def _fault(rng: random.Random, kind: str, made: History) -> Fault:
    start_s = rng.uniform(60, made.span_s * 0.8)
    if kind == "visitor":
        end_s = start_s + rng.choice((0.3, 15, 60, 2.5 * made.config["interval_s"]))
        return Fault(kind, round(start_s, 3), round(end_s, 3))
    if kind in LASTING:
        longest_s = max(2 * _MINUTE_S, made.span_s - start_s)
        end_s = start_s + 20 * (longest_s / 20) ** rng.random()
        return Fault(kind, round(start_s, 3), round(end_s, 3), _detail(rng, kind))
    number, detail = number_and_detail(rng, kind)
    return Fault(kind, round(start_s, 3), 0, detail, number)


def number_and_detail(rng: random.Random, kind: str) -> tuple[int, str]:
    """Return the `number` and the `detail` of a sudden fault."""
    number = {
        "power-off": lambda: int(2 * 3600 ** rng.random()),
        "cut": lambda: int(2 ** rng.uniform(0, 9)),
        "radio-blink": lambda: rng.choice((100, 5000, 90000)),
        "plug-twice": lambda: rng.randint(1, 8),
    }.get(kind, lambda: 0)()
    detail = _detail(rng, kind)
    if kind == "kill":
        number = rng.randint(1, PLACES[detail])
    return number, detail


def _detail(rng: random.Random, kind: str) -> str:
    choices = {
        "camera": _CAMERA_FAULTS,
        "kill": tuple(PLACES),
        "ntp-wrong": servers.NTP_WRONG,
        "date-wrong": servers.DATES_WRONG,
        "ntp-lies": ("-7200", "-7200", "-600", "600", "7200", "7200"),
        "cut": ("", "torn"),
    }
    return rng.choice(choices.get(kind, ("",)))
