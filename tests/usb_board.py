"""Boards on a serial port: a simulated board with firmware, and scripted ones."""

import contextlib
import os
import pty
import threading
import tty
from pathlib import Path

from megacam.board import deploy, tree
from megacam.sim.pty_board import PtyBoard

WIFI = {"ssid": "Observatory", "password": "clear skies tonight", "rssi": -58}
CONFIG = {"device": "cam1", "s3": {"bucket": "garden-photos", "region": "eu-central-1"}}


@contextlib.contextmanager
def plugged_in(folder: Path, files: dict[str, bytes] | None, **options):
    """Yield a simulated board that is plugged in."""
    with PtyBoard(folder, files, **options) as board:
        board.plug_in()
        yield board


def firmware(config=CONFIG, **files) -> dict[str, bytes]:
    """Return the files of a deploy, with an empty main.py."""
    return tree.placed({**deploy.tree(config), "main.py": b"", **files})


@contextlib.contextmanager
def scripted(*answers: tuple[bytes, bytes]):
    """Yield a port that answers: each of `answers` is (end of the input, what is sent then)."""
    master, slave = pty.openpty()
    tty.setraw(slave)

    def serve():
        heard = b""
        with contextlib.suppress(OSError):
            while True:
                heard += os.read(master, 100)
                for question, answer in answers:
                    if heard.endswith(question):
                        os.write(master, answer)
                        heard = b""

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield os.ttyname(slave)
    finally:
        os.close(slave)
        os.close(master)
