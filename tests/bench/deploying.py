"""Deploying: the bytes and round trips on the serial line, and the reads of the board's flash."""

import ast
import functools
import tempfile
from pathlib import Path

from megacam.board import deploy, device, tree
from megacam.sim.pty_board import PtyBoard
from megacam.sim.rom import PORT
from usb_board import CONFIG

from bench.report import Chapter, Table

# How mpremote begins each program in the raw REPL (raw paste).
_PROGRAM = b"\x05A\x01"
_READS = "import machine\nprint(machine.flash_reads)"
_COLUMNS = [
    "deploy",
    "files",
    "bytes in them",
    "to the board",
    "from it",
    "programs",
    "flash reads",
]
_TEXT = """\
These are the bytes on the serial line for one `megacam deploy`, in both directions, counted at the
pseudo-terminal of the simulated board. They begin when the host compares its files with the
board's, and end before the board restarts. *Programs* are what the host has the board run in the
raw REPL; each is a round trip. *Bytes in them* are those of the files and blocks that are sent,
before base64. *Flash reads* are calls of the flash driver. An ESP32 at 115200 baud passes 11,520
bytes in a second."""


class _Counted(PtyBoard):
    """A board that keeps what the host sends, in `heard`."""

    heard = b""

    def _take(self, data: bytes) -> None:
        self.heard += data
        super()._take(data)


def _deploy(board: _Counted, wanted: dict[str, bytes]) -> list[int]:
    """Return the numbers of _COLUMNS."""
    with device.connect(board.port) as found:
        before = ast.literal_eval(found.exec(_READS))[0]
        board.heard, told = b"", len(board.console)
        plan = deploy.plan(found, wanted, PORT)
        deploy.make(found, plan)
        up, down = board.heard, len(board.console) - told
        reads = ast.literal_eval(found.exec(_READS))[0] - before
    return [len(plan.send), plan.size_bytes, len(up), down, up.count(_PROGRAM), reads]


def _with_another_line() -> dict[str, bytes]:
    text = tree.sources()["firmware/shot/schedule.py"].read_text(encoding="utf-8")
    changed = text.replace("    now =", "    app.due = max(app.due, 1)\n    now =")
    assert changed != text
    return tree.build({"firmware.shot.schedule": changed})


@functools.cache
def measure() -> dict[str, dict[str, int]]:
    """Return {deploy: {column: number}} for an empty board, one line more, and no change."""
    # An empty main.py: after each deploy the board starts, and must be there for the next.
    first = {**deploy.tree(CONFIG), "main.py": b""}
    second = {**first, **_with_another_line(), "main.py": b""}
    told = {}
    with (
        tempfile.TemporaryDirectory(prefix="megacam-bench-") as folder,
        _Counted(Path(folder), {}) as board,
    ):
        board.plug_in()
        for name, wanted in (("first", first), ("one line", second), ("nothing", second)):
            told[name] = dict(zip(_COLUMNS[1:], _deploy(board, wanted), strict=True))
    return told


def chapter() -> Chapter:
    names = {
        "first": "onto an empty board",
        "one line": "a line more in firmware/shot/schedule.py",
        "nothing": "nothing to change",
    }
    rows = [[names[name], *told.values()] for name, told in measure().items()]
    return Chapter("Deploying", [_TEXT, Table(_COLUMNS, rows)])
