"""Fragmentation: the largest free block of the heap in a long life, in simulated time."""

import asyncio
import re
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from megacam.board import tree
from soak import report
from soak.board import HEAP
from soak.plan import MINUTE, Fault, Plan
from soak.run import INTERVAL_S, Month

from bench import running
from bench.report import Chapter, Table

PHOTOS = 10_000
_HUNDRED = 100
_PERIOD = 500  # photos from one refusal to the next, and from one outage to the next
_MAIN = b"import free_blocks\nfrom firmware import app\n\napp.main()\n"
_BLOCK_BYTES = 32  # of MicroPython's heap on 64 bits
_INFO = re.compile(r"mem: |stack: |GC: | No\. of 1-blocks")  # what micropython.mem_info() prints
_LARGEST = re.compile(r"max free sz: (\d+)")
_FREE = re.compile(r"GC: .* free: (\d+)")

_TEXT = """\
The firmware takes {photos:,} photos in one life, in simulated time (the world of `make soak`).
Every {period} photos, the store answers `503 Slow Down` for five minutes, and refuses connections
for ten. A health report goes out every 15 minutes. Every ten minutes, while the loop sleeps,
garbage is collected and the largest free block of the heap is read. A block on this interpreter
has 32 bytes, on the ESP32 16. Each figure but the smallest is the median of the five or so samples
of a hundred photos."""
_GOAL = """\
The goal is that the block at the end is no smaller than after the first hundred, give or take
{block} bytes: {verdict}."""


@dataclass
class Sample:
    """The heap after `photos` photos; bytes that are free, and those of the largest block."""

    photos: int
    free: int = 0
    largest: int = 0


@dataclass
class Life:
    """A life of some thousand photos: its samples, and what broke a rule of `make soak`."""

    samples: list[Sample]
    broken: list[str]
    happened: dict[str, int]
    reports: int

    def after(self, photos: int) -> Sample:
        """Return the medians of the samples in the hundred photos that follow."""
        found = [s for s in self.samples if photos <= s.photos < photos + _HUNDRED]
        free = statistics.median_low(s.free for s in found)
        return Sample(photos, free, statistics.median_low(s.largest for s in found))

    @property
    def first(self) -> Sample:
        return self.after(_HUNDRED)

    @property
    def last(self) -> Sample:
        return self.after(self.samples[-1].photos - _HUNDRED + 1)

    @property
    def lasts(self) -> bool:
        """Whether the largest block is as large at the end as after the first hundred photos.

        A block of the heap more or less depends on when a sample is taken.
        """
        return self.last.largest >= self.first.largest - _BLOCK_BYTES

    @property
    def least(self) -> Sample:
        return min(self.samples, key=lambda sample: sample.largest)


def _plan(photos: int) -> Plan:
    # The first of each comes in the first hundred photos: it brings names that stay.
    faults = []
    for first in range(0, photos, _PERIOD):
        refusal_s, outage_s = ((first + after) * INTERVAL_S for after in (20, 50))
        faults += [
            Fault("slow-down", refusal_s, refusal_s + 5 * MINUTE),
            Fault("refused", outage_s, outage_s + 10 * MINUTE),
        ]
    return Plan(1, photos * INTERVAL_S, faults)


class _SampledMonth(Month):
    """A month whose board prints the state of its heap."""

    def __init__(self, plan: Plan, folder: Path):
        super().__init__(plan, folder, HEAP, lambda text: None, None)
        sampler = tree.compile_file(running.PROGRAMS / "free_blocks.py")
        self.more = {"main.py": _MAIN, "lib/free_blocks.mpy": sampler}
        self.samples: list[Sample] = []

    def _on_line(self, text: str) -> None:
        if not _INFO.match(text):
            super()._on_line(text)
        elif found := _FREE.match(text):
            self.samples.append(Sample(len(self.ledger.photos), int(found[1])))
        elif found := _LARGEST.search(text):
            self.samples[-1].largest = int(found[1]) * _BLOCK_BYTES


def live(photos: int) -> Life:
    """Let the firmware take `photos` photos, at least 300, and return its life."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="megacam-bench-") as folder:
        month = _SampledMonth(_plan(photos), Path(folder))
        asyncio.run(month.run())
    broken = report.settle(month, time.monotonic() - started).broken
    return Life(month.samples, broken, dict(month.plan.happened), month.store.reports)


def chapter(photos: int = PHOTOS) -> Chapter:
    life = live(photos)
    later = map(life.after, range(1000, photos - 1000, 3000))
    told = {f"after {one.photos:,} photos": one for one in (life.first, *later, life.last)}
    told[f"the smallest, after {life.least.photos:,}"] = life.least
    rows: list[list[object]] = [[when, one.free, one.largest] for when, one in told.items()]
    verdict = "met" if life.lasts else "NOT met"
    parts = [
        _TEXT.format(photos=photos, period=_PERIOD),
        Table(["when", "bytes free", "largest free block"], rows),
        _GOAL.format(block=_BLOCK_BYTES, verdict=verdict),
    ]
    if life.broken:
        parts.append(f"Broken rules: {'; '.join(life.broken)}.")
    return Chapter("Fragmentation", parts)
