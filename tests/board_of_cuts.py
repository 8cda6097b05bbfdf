"""A board with its flash in RAM, for power cuts at any flash write; see device/board_of_cuts.py.

with in_ram(files) as board:
    deploy.make(board, plan)
    for change in range(int(board.call("keep", "deploy"))):
        board.call("cut", "deploy", change, False)
        said = board.start()
"""

import contextlib
import json
import os
import subprocess
from pathlib import Path

from megacam.board import device
from megacam.sim import interpreter

DEVICE = Path(__file__).parent / "device"


class RamBoard:
    """A stand-in for device.Device in the host's code; made by in_ram()."""

    def __init__(self, process):
        self._process = process

    def exec(self, code, timeout_s=20, on_line=None):
        """Run `code` on the board and return what it printed; raises RemoteError."""
        return self._ask("exec", code)

    def call(self, name, *arguments):
        """Call a method of the Board in device/board_of_cuts.py; return what it printed."""
        return self._ask("call", name, *arguments)

    def start(self):
        """Power on the board; return the lines that it prints, including a startup error."""
        try:
            return self.call("start").splitlines()
        except device.RemoteError as error:
            return [str(error)]

    def numbers(self):
        """Return the numbers in NVS."""
        return json.loads(self.call("count"))

    def tree(self):
        """Return {path: text} of all files on the flash."""
        return json.loads(self.call("tree"))

    def is_new(self):
        """Return whether no cut has left these files and numbers yet; True for a few others.

        That is all that a deploy, or a start, sees of a board.
        """
        return json.loads(self.call("is_new"))

    def cuts(self, name, first=0, step=1, torns=(False, True)):
        """Keep the changes since power-on as `name`; cut at each one, not begun and half done.

        `first` and `step` are of a range() of the changes, for a sample of them.
        """
        for change in range(first, int(self.call("keep", name)), step):
            for torn in torns:
                self.call("cut", name, change, torn)
                yield change, torn

    def _ask(self, *message):
        self._process.stdin.write(json.dumps(message).encode() + b"\n")
        self._process.stdin.flush()
        answer = b""
        while answer.count(b"\x04") < 2:
            part = os.read(self._process.stdout.fileno(), 65536)
            assert part, f"the board is gone: {answer}"
            answer += part
        out, error, _ = answer.decode().split("\x04")
        if error:
            raise device._remote_error(error)
        return out


@contextlib.contextmanager
def in_ram(files, blocks=64, **numbers):
    """Yield a board with `files` {path: text} on a flash of `blocks` blocks of 4096 bytes.

    `numbers` are in its NVS.
    """
    with subprocess.Popen(
        interpreter.command(str(DEVICE / "board_of_cuts.py"), heap="16M"),
        env={**os.environ, "MICROPYPATH": f"{DEVICE}:.frozen"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        try:
            board = RamBoard(process)
            board.call("make", files, blocks, numbers)
            yield board
        finally:
            process.kill()
