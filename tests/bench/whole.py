"""The complete firmware on a simulated board, and what is in memory between two photos."""

import contextlib
import functools
import itertools
import json
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from unittest import mock

from megacam.board import tree
from megacam.board.shorten import shorten
from megacam.demo import run
from megacam.sim import interpreter, rom
from megacam.sim.board import Board
from megacam.sim.ntp_server import NTPServer
from megacam.sim.store import Store

from bench import running
from bench.configurations import CONFIGURATIONS

_NETWORK = {"ssid": "Observatory", "password": "clear skies tonight", "rssi": -58}
_USUAL = next(iter(CONFIGURATIONS))
_INTERVAL_S = 5
_SELDOM_S = 8  # by then lib/https gives up an idle connection
_PHOTOS = 5
_TIMEOUT_S = 90
_numbers = itertools.count(1001, 1000)
_FAILED = ("photo lost", "memory allocation", "MemoryError")
_PROBED = b"""\
import gc
gc.collect()
n = gc.mem_alloc()
import probe
probe.begin(n)
from firmware import app
app.main()
"""
_FIRST_ONLY = _PROBED.replace(b"import probe\n", b"import probe\nprobe.is_last = True\n")

#: The keys of flash_reads().
START = "from reset to the first photo stored"
STEADY = "a photo over the open connection"
RECONNECTED = "a photo with a new connection"


class CycleError(Exception):
    """The board did not store its photos; the message is its output."""


class Console:
    """The output of a board; `reports` has an object of device/probe.py for each photo.

    Each has `names` besides, and `settling` and `asleep` from the other reports after the photo.
    """

    def __init__(self, wanted: int):
        self.lines: list[str] = []
        self.reports: list[dict] = []
        self._wanted = wanted
        self._names: dict[str, int] = {}
        self.done = threading.Event()

    def line(self, text: str) -> None:
        self.lines.append(text)
        if text.startswith(running.NAMES):
            self._names = running.names(text)
        if text.startswith('{"'):
            self._hear(json.loads(text))
        if " photo lost " in text:
            self.done.set()

    def _hear(self, told: dict) -> None:
        if "modules" in told:
            self.reports.append({**told, "names": self._names})
        elif self.reports:
            self.reports[-1] |= told
            if "asleep" in told and len(self.reports) == self._wanted:
                self.done.set()


@contextlib.contextmanager
def stage(
    heap: str = interpreter.HEAP,
    main: bytes = b"",
    configuration: str = _USUAL,
    interval_s: int = _INTERVAL_S,
    fast: bool = False,
):
    """Yield a provisioned demo board, ready to start.

    `configuration` is one of configurations.CONFIGURATIONS. `main` replaces main.py, so that it
    can import device/probe.py, which reports. With `fast`, its sleeps take no time.
    """
    with contextlib.ExitStack() as stack:
        more = stack.enter_context(CONFIGURATIONS[configuration]())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="megacam-bench-")))
        store = stack.enter_context(Store())
        ntp = stack.enter_context(NTPServer())
        store.create_bucket(run.BUCKET)
        key_id, secret = store.create_device_user(run.BUCKET, run.DEVICE)
        files = run.board_files(store, f"127.0.0.1:{ntp.port}", interval_s)
        text = (running.PROGRAMS / "probe.py").read_text(encoding="utf-8")
        probe = tree.compile_texts(shorten({"probe": text}))["probe"]
        hmac = tree.compile_file(rom.PORT / "hmac.py")
        files |= {"lib/probe.mpy": probe, "lib/hmac.mpy": hmac}
        if main:
            files["main.py"] = main
        board = stack.enter_context(
            Board(
                folder,
                tree.placed(more.add_to(files)),
                networks=[_NETWORK],
                heap=heap,
                card_bytes=more.card_bytes,
                fast=fast,
            )
        )
        network = {"ssid": _NETWORK["ssid"], "password": _NETWORK["password"]}
        run.provision(board, network, key_id, secret)
        more.prepare(board, store)
        yield board


def cycle(board: Board, photos: int) -> list[dict]:
    """Run the board until it sleeps after `photos` photos; return a report for each.

    Raises CycleError.
    """
    console = Console(photos)
    board.start(console.line)
    try:
        for _ in range(_TIMEOUT_S * 10):
            if console.done.wait(0.1) or board.join(0):
                break
    finally:
        board.stop()
    if len(console.reports) < photos:
        raise CycleError("\n".join(console.lines[-12:]))
    return console.reports[:photos]


@functools.cache
def reports(interval_s: int = _INTERVAL_S) -> list[dict]:
    """Return the reports of the first photos, one every `interval_s`.

    Each is {"modules": [...], "heap": {...}, "settling": {...}, "asleep": {...}, "reads": [count,
    bytes]}; "asleep" is missing if the next photo was due at once.
    """
    with stage(heap="96K", main=_PROBED, interval_s=interval_s, fast=True) as board:
        return cycle(board, _PHOTOS)


def steady() -> dict:
    """Return the report of the last photo of reports()."""
    return reports()[-1]


def flash_reads() -> dict[str, tuple[int, int]]:
    """Return {what: (reads of the flash, bytes)} of a start and of photos.

    A photo is the cheapest of several, from one `stored` line to the next: a task may run in
    between. The first photo is late, so the second may come before its connection is given up.
    """
    usual, seldom = reports(), reports(_SELDOM_S)
    count, size = usual[0]["reads"]
    return {
        START: (count, size),
        STEADY: _cheapest(usual),
        RECONNECTED: _cheapest(seldom),
    }


def _cheapest(told: list[dict]) -> tuple[int, int]:
    counts = [one["reads"] for one in told[1:]]
    return min((b[0] - a[0], b[1] - a[1]) for a, b in itertools.pairwise(counts))


def fits(staged: Board, heap: int, said: str = "I s3 stored", times: int = 2) -> bool:
    """Return whether a copy of the board, as it was staged, gets far enough with `heap` bytes.

    It does if it has printed a line that begins with `said` that many `times`, and memory was
    never short.
    """
    seen: list[str] = []
    failed: list[str] = []
    over = threading.Event()

    def line(text: str) -> None:
        seen.extend([text] * text.startswith(said))
        failed.extend([text] * any(word in text for word in _FAILED))
        if len(seen) == times or failed:
            over.set()

    with (
        tempfile.TemporaryDirectory(prefix="megacam-bench-") as folder,
        Board(
            shutil.copytree(staged.folder, Path(folder) / "board"),
            None,
            networks=[_NETWORK],
            heap=str(heap),
            card_bytes=staged.card_bytes,
            fast=True,
        ) as board,
    ):
        # Another copy may have stored the first numbers in this second.
        board.exec(f"with open('/sequence', 'w') as f:\n f.write('{next(_numbers)}')")
        board.start(line)
        for _ in range(_TIMEOUT_S * 10):
            if over.wait(0.1) or board.join(0):
                break
        board.stop()
    return len(seen) >= times and not failed


def start_instructions() -> int:
    """Return the number of instructions from reset to the first photo in the store."""
    console = Console(1)
    empty = subprocess.run(_counted("-c", ""), capture_output=True, text=True)
    with (
        stage(main=_FIRST_ONLY) as board,
        mock.patch.object(interpreter, "start", _start_counted),
    ):
        board.start(console.line)
        board.join(_TIMEOUT_S)
    return _collected("\n".join(console.lines)) - _collected(empty.stderr)


def _start_counted(
    *args: str,
    heap: str,
    environment: Mapping[str, str],
    descriptors: Mapping[str, interpreter.HasDescriptor],
    text: str = "",
    terminal: int | None = None,
) -> subprocess.Popen:
    """Do what interpreter.start() does, in a process whose instructions are counted."""
    numbers = {name: file.fileno() for name, file in descriptors.items()}
    process = subprocess.Popen(
        _counted(*args, heap=heap),
        env={**environment, **{name: str(number) for name, number in numbers.items()}},
        pass_fds=[*numbers.values()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdin and terminal is None
    process.stdin.write(text)
    process.stdin.close()
    return process


def _counted(*args: str, heap: str = interpreter.HEAP) -> list[str]:
    command = interpreter.command(*args, heap=heap)
    return ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command]


def _collected(text: str) -> int:
    found = re.search(r"Collected : (\d+)", text)
    if not found:
        raise CycleError(text)
    return int(found[1])
