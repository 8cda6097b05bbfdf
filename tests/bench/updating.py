"""What each step of an update has in use at most, beside the put of a photo or a report."""

import functools
import threading
from collections.abc import Iterable

from megacam.board import tree

from bench import running, whole
from bench.configurations import KEY_UPDATE, end

_TIMEOUT_S = 180
_IN_USE = "IN USE "
_PUT = "put"
_REST = "anything else"
_KEPT = "what it brings is kept"
# What begins with the load of a module, and ends with the next of these.
_BEGINS = {
    "/firmware/shot/take": _PUT,
    "/firmware/tasks/status": _PUT,
    "/firmware/tasks/loop": _REST,
    "/firmware/tasks/choose": _REST,
    "/firmware/tasks/update": "what is next is found out",
    "/firmware/update/ask": "a release is asked for",
    "/firmware/update/judge": "it is verified and read",
    "/firmware/update/fetch": "a file is looked for",
    "/firmware/update/piece": "a file comes",
    "/firmware/update/finish": "all is verified, and the switch",
    "/firmware/update/keep": _KEPT,
}

STEPS = [what for what in _BEGINS.values() if what not in (_PUT, _REST)]


@functools.cache
def peaks() -> dict[str, tuple[int, int]]:
    """Return {step: (bytes in use at most, the same of a put after the same start)}."""
    contents = tree.build()["lib/overlay.txt"].decode().split()
    modules = dict(zip(contents[1::2], contents[::2], strict=True))
    found: dict[str, tuple[int, int]] = {}
    for start in _starts(_lines()):
        most = _most(start, modules)
        put = most.pop(_PUT, 0)
        most.pop(_REST, 0)
        found |= {step: (live, put) for step, live in most.items()}
    return {step: found[step] for step in STEPS}


def _lines() -> list[str]:
    """Return what a board prints until it has kept a release."""
    program = (running.PROGRAMS / "peaks.py").read_bytes()
    lines: list[str] = []
    over = threading.Event()

    def line(text: str) -> None:
        lines.append(text)
        if text.startswith(end(KEY_UPDATE)[0]):
            over.set()

    with whole.stage("200K", program, KEY_UPDATE, fast=True) as board:
        board.start(line)
        for _ in range(_TIMEOUT_S * 10):
            if over.wait(0.1) or board.join(0):
                break
        board.stop()
    if not over.is_set():
        raise whole.CycleError("\n".join(lines[-12:]))
    return lines


def _starts(lines: Iterable[str]) -> list[list[str]]:
    """Return the lines of each start, because a later one has more names in memory."""
    starts: list[list[str]] = [[]]
    for line in lines:
        if line.startswith("I boot "):
            starts.append([])
        starts[-1].append(line)
    return starts


def _most(lines: Iterable[str], modules: dict[str, str]) -> dict[str, int]:
    """Return {what begins with one of _BEGINS: bytes in use at most}."""
    most: dict[str, int] = {}
    step = _REST
    for line in lines:
        if line.startswith(_IN_USE):
            offset, live = line.split()[2:4]
            begins = _BEGINS.get(modules.get(offset, ""), step)
            # The trial's end judges the release once more.
            step = begins if step != _KEPT or begins == _REST else step
            most[step] = max(most.get(step, 0), int(live))
    return most
