"""What goes wrong in a simulated month and when: computed from a seed before the run.

    plan = month(seed=1, days=30)
    plan.active("no-dns", now_s)       # the fault of that kind that is active, or None
    plan.due(now_s)                    # the sudden faults that are due

Times are seconds since the month began.
"""

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

MINUTE, HOUR, DAY = 60, 3600, 86400

#: Faults that last: {kind: (times in 30 days, shortest and longest duration in seconds)}.
LASTING = {
    # Wi-Fi.
    "no-wifi": (25, 10, 3 * DAY),
    "no-dhcp": (12, MINUTE, 6 * HOUR),
    # The network between board and servers.
    "no-dns": (12, MINUTE, 12 * HOUR),
    "packets-lost": (12, MINUTE, 12 * HOUR),
    "refused": (20, 30, 6 * HOUR),
    # Time servers.
    "ntp-blocked": (8, HOUR, 2 * DAY),
    "ntp-wrong": (8, HOUR, DAY),
    "ntp-lies": (3, HOUR, 2 * HOUR),
    "date-wrong": (8, HOUR, DAY),
    # The store.
    "slow-down": (20, MINUTE, 2 * HOUR),
    "internal-error": (20, MINUTE, 2 * HOUR),
    "reset-in-body": (12, MINUTE, 20 * MINUTE),
    "reset-before-reply": (12, MINUTE, 20 * MINUTE),
    "silent-handshake": (6, MINUTE, 10 * MINUTE),
    "silent-head": (6, MINUTE, 10 * MINUTE),
    "silent-reply": (6, MINUTE, 10 * MINUTE),
    # The camera.
    "camera-dead": (6, MINUTE, 6 * HOUR),
    # The store again: after errors that no retry can help, the board tries once an hour.
    "expired-token": (4, MINUTE, 6 * HOUR),
    "access-denied": (4, MINUTE, 12 * HOUR),
}
#: Sudden faults: {kind: times in 30 days}.
SUDDEN = {"camera": 150, "reset": 120, "power-off": 30, "radio-stuck": 6}
CAMERA_FAULTS = (
    "capture-stuck:1",
    "capture-stuck:4",
    "idle-stuck:1",
    "length-zero:1",
    "length-8mib:1",
    "length-all-ones:1",
    "constant-frame:1",
    "constant-frame:4",
    "sensor-reset-in-field:1",
    "sensor-only-reset:1",
    "brown-out:1",
    "dies-in-burst:1",
    "missing-eoi:1",
    "soi-at-one:1",
    "slow-capture:1",
    "slow-reset:1",
)
#: Where a reset happens: {kind of event: at most at this event of the kind after it is due}.
PLACES = {"spi": 400, "world": 20, "head": 1, "body": 1, "stored": 1, "replied": 1, "line": 20}
NTP_WRONG = ("kiss-of-death", "not-synchronised", "wrong-mode", "zero-stamp", "wrong-year")
DATES_WRONG = ("none", "redirect", "cached", "closed")
#: Only a board that starts notices these, so each comes with a reset.
_SEEN_AT_START = ("ntp-blocked", "ntp-wrong", "ntp-lies", "date-wrong", "no-dhcp", "no-dns")
_SAMPLE_GAP_S = 300  # longer than the uploader's pauses after some failures
_SAMPLE_LENGTH_S = 75
# After more starts than this in a row, without a calm time, the firmware stays in safe mode.
_SAMPLE_STARTS = 1
_CALM_S = 660
_POWER_OFF_S = 4 * HOUR


@dataclass(frozen=True)
class Fault:
    """A fault at `start_s`, or from `start_s` to `end_s`.

    `detail` is the variant of its kind. `number` is the event at which a reset happens, or the
    seconds without power.
    """

    kind: str
    start_s: float
    end_s: float
    detail: str = ""
    number: int = 0


@dataclass
class Plan:
    """All faults of `span_s` seconds; `happened` counts by kind those that have happened.

    The fraction `cut_share` of the board's starts ends with a power cut before a write to flash.
    """

    seed: int
    span_s: float
    faults: list[Fault]
    cut_share: float = 0
    happened: Counter[str] = field(default_factory=Counter)

    def __post_init__(self):
        self._lasting: dict[str, list[Fault]] = {kind: [] for kind in LASTING}
        self._sudden: list[Fault] = []
        self._noted: set[Fault] = set()
        for fault in sorted(self.faults, key=lambda fault: fault.start_s):
            is_lasting = fault.kind in LASTING
            (self._lasting[fault.kind] if is_lasting else self._sudden).append(fault)

    def active(self, kind: str, now_s: float) -> Fault | None:
        """Return the active fault of that kind, or None, and count it as happened.

        `now_s` must never decrease from call to call.
        """
        faults = self._lasting[kind] if now_s < self.span_s else []
        while faults and faults[0].end_s <= now_s:
            faults.pop(0)
        if not faults or faults[0].start_s > now_s:
            return None
        if faults[0] not in self._noted:
            self._noted.add(faults[0])
            self.happened[kind] += 1
        return faults[0]

    def due(self, now_s: float) -> Iterable[Fault]:
        """Yield, once, each sudden fault whose time has come."""
        while self._sudden and self._sudden[0].start_s <= now_s < self.span_s:
            yield self._sudden.pop(0)

    def writes_of_life(self, number: int) -> int:
        """Return the write to flash before which that start of the board loses power, or 0."""
        rng = random.Random(f"{self.seed} life {number}")
        return 0 if rng.random() >= self.cut_share else int(2 ** rng.uniform(0, 12))

    def off_after_life(self, number: int) -> float:
        """Return how many seconds the power stays off after a cut in that start."""
        return random.Random(f"{self.seed} off {number}").uniform(1, 20)


def month(seed: int, days: float = 30) -> Plan:
    """Return a plan of `days` with every kind of fault at its rate and at random times."""
    rng = random.Random(seed)
    faults: list[Fault] = []
    for kind, (times, shortest_s, longest_s) in LASTING.items():
        end_s = 0.0
        for start_s in _moments(rng, times * days / 30, days * DAY):
            # Most outages are short, a few last for days.
            length_s = _between(rng, shortest_s, longest_s)
            if start_s >= end_s:
                faults += _faults(rng, kind, start_s, length_s)
                end_s = start_s + length_s
    for kind, times in SUDDEN.items():
        for start_s in _moments(rng, times * days / 30, days * DAY):
            faults += _faults(rng, kind, start_s, 0)
    return Plan(seed, days * DAY, faults, cut_share=0.5)


def sample(seed: int) -> Plan:
    """Return a short plan: every kind of fault once, for about a minute, one after the other."""
    rng = random.Random(seed)
    details = {"camera": list(CAMERA_FAULTS), "reset": list(PLACES)}
    kinds = [kind for kind in (*LASTING, *SUDDEN) for _ in details.get(kind, (kind,))]
    last = ["expired-token", "access-denied"]
    rng.shuffle(kinds)
    kinds = [kind for kind in kinds if kind not in last] + last
    faults: list[Fault] = []
    now_s, starts = float(_SAMPLE_GAP_S), 0
    for kind in kinds:
        detail = details[kind].pop() if kind in details else ""
        length_s = _SAMPLE_LENGTH_S if kind in LASTING else 0
        faults += _faults(rng, kind, now_s, length_s, detail, off_s=20)
        now_s += length_s + (_SAMPLE_GAP_S if length_s else _SAMPLE_GAP_S // 3)
        starts += kind in (*_SEEN_AT_START, "reset", "power-off")
        if starts > _SAMPLE_STARTS:
            now_s, starts = now_s + _CALM_S, 0
    return Plan(seed, now_s, faults, cut_share=0.3)


def _moments(rng: random.Random, times: float, span_s: float) -> list[float]:
    count = int(times) + (rng.random() < times % 1)
    return sorted(rng.uniform(5 * MINUTE, span_s) for _ in range(count))


def _between(rng: random.Random, shortest: float, longest: float) -> float:
    return shortest * (longest / shortest) ** rng.random()


def _faults(
    rng: random.Random,
    kind: str,
    start_s: float,
    length_s: float,
    detail: str = "",
    off_s: float = _POWER_OFF_S,
) -> list[Fault]:
    choices = {
        "camera": CAMERA_FAULTS,
        "reset": tuple(PLACES),
        "ntp-wrong": NTP_WRONG,
        "date-wrong": DATES_WRONG,
        "ntp-lies": ("-7200", "-600", "600", "7200"),
    }
    detail = detail or rng.choice(choices.get(kind, ("",)))
    number = 0
    if kind == "reset":
        number = rng.randint(1, PLACES[detail])
    elif kind == "power-off":
        number = int(_between(rng, 2, off_s))
    faults = [Fault(kind, start_s, start_s + length_s, detail, number)]
    if kind == "date-wrong":
        faults.append(Fault("ntp-blocked", start_s, start_s + length_s))
    if kind in _SEEN_AT_START:
        faults.append(Fault("reset", start_s + 5, start_s + 5, "line", 1))
    return faults
