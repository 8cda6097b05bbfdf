"""What all commands with a board on USB share: its port, and how it is opened and left."""

import contextlib
from collections.abc import Iterator
from typing import Annotated

import typer

from megacam.board import device
from megacam.console import Terminal

Port = Annotated[
    str | None,
    typer.Option("--port", "-p", envvar="MEGACAM_PORT", help="Serial port of the board"),
]


@contextlib.contextmanager
def opened(terminal: Terminal, port: str | None) -> Iterator[device.Device]:
    """Yield the board; it restarts at the end of the block."""
    with terminal.working("stopping the board"):
        board = contextlib.ExitStack()
        found = board.enter_context(device.connect(port))
    with board:
        yield found
