"""Many histories at once, one process per core."""

import contextlib
import ctypes
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait

from megacam.board import builds

from swarm import draw, mutations, world
from swarm.world import Outcome


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def live(mutation: str, seed: int) -> Outcome:
    """Live through the history of a seed with that mistake in the firmware, "" for none."""
    return world.run(draw.history(seed), is_logging=False, mutation=mutation)


@contextlib.contextmanager
def shared_builds() -> Iterator[None]:
    """Let all processes share what they compile: releases are made when a history needs them."""
    if builds.FOLDER in os.environ:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="megacam-builds-") as folder:
        os.environ[builds.FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[builds.FOLDER]


def count(jobs: int) -> int:
    """Return the number of processes; 0 stands for one per core."""
    return jobs or os.cpu_count() or 1


def pool(jobs: int) -> ProcessPoolExecutor:
    """Return so many processes, which end with this one."""
    return ProcessPoolExecutor(count(jobs), initializer=_die_with_parent)


def outcomes(
    seeds: Iterable[int], minutes: float = float("inf"), jobs: int = 0, mutation: str = ""
) -> Iterator[Outcome]:
    """Yield the outcome of each seed as it ends; begin no more after `minutes`.

    `jobs` is the number of processes, by default one per core.
    """
    with shared_builds():
        mutations.firmware(mutation)  # built once, before the processes fork
        yield from _outcomes(seeds, minutes, jobs, mutation)


def _outcomes(seeds: Iterable[int], minutes: float, jobs: int, mutation: str) -> Iterator[Outcome]:
    end_s = time.monotonic() + minutes * 60
    left = iter(seeds)
    with pool(jobs) as workers:
        running = set()
        while True:
            while len(running) < count(jobs) and time.monotonic() < end_s:
                seed = next(left, None)
                if seed is None:
                    break
                running.add(workers.submit(live, mutation, seed))
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
