"""`megacam shot` and `megacam logs`: see what the board on USB sees and says."""

import time
from pathlib import Path
from typing import Annotated

import typer

from megacam.board import device, shot
from megacam.commands import board, options
from megacam.console import Terminal
from megacam.errors import MegacamError

Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="File to write (default: shot-DATE-TIME.jpg)")
]
Show = Annotated[bool, typer.Option("--show", help="Also open the photo")]
_STYLES = {"I ": "", "W ": "yellow", "E ": "bold red"}


def shot_command(
    port: board.Port = None,
    output: Output = None,
    show: Show = False,
    as_json: options.Json = False,
) -> None:
    """Take one photo now, over USB, and save it."""
    terminal = Terminal(as_json)
    path = output or Path(time.strftime("shot-%Y%m%d-%H%M%S.jpg"))
    with board.opened(terminal, port) as found, terminal.working("exposing"):
        photo = shot.take(
            found, lambda done, size: terminal.now(f"{done // 1024} of {size // 1024} KB")
        )
    try:
        path.write_bytes(photo)
    except OSError as error:
        raise MegacamError(f"cannot write {path}: {error.strerror}") from error
    _, width, height = shot.check(photo)
    terminal.mark("done", f"{path}: {width}x{height}, {len(photo):,} bytes, a complete JPEG")
    terminal.data({"path": str(path), "width": width, "height": height, "bytes": len(photo)})
    if show:
        typer.launch(str(path))


def logs_command(port: board.Port = None) -> None:
    """Show what the board prints, in colour, until Ctrl-C.

    Reconnects by itself.
    """
    terminal = Terminal()
    connected = True
    for line in device.console(port):
        if line is None:
            if connected:
                terminal.mark("warn", "no connection to the board; waiting for it")
            connected = False
            continue
        connected = True
        terminal.line(line, style(line))


def style(line: str) -> str:
    """Return the style of one line of the firmware's log; other lines are dim."""
    if line.startswith("Traceback") or "Error" in line[:30]:
        return "bold red"
    return _STYLES.get(line[:2], "dim")
