"""`megacam sim board`: a simulated board on a serial port, for every command that wants one."""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from megacam.commands import extras
from megacam.console import MisuseError, Terminal
from megacam.errors import MegacamError
from megacam.sim.camera_faults import Faults
from megacam.sim.camera_models import kind_of


def board_command(
    pty: Annotated[bool, typer.Option("--pty", help="Connect it to a pseudo-terminal")] = False,
    folder: Annotated[Path, typer.Option(help="Folder for its flash, NVS and port")] = Path(
        "sim-board"
    ),
    model: Annotated[str, typer.Option(help="Camera model: 3mp or 5mp")] = "3mp",
    fault: Annotated[
        list[str] | None, typer.Option(help="Fault of the camera (repeatable)")
    ] = None,
    network: Annotated[
        list[str] | None,
        typer.Option(help="Wi-Fi network in range, NAME or NAME:PASSWORD (repeatable)"),
    ] = None,
) -> None:
    """Run a simulated ESP32 with a camera until Ctrl-C.

    Its flash is kept in the folder.
    """
    if not pty:
        raise MisuseError("say how to reach the board: add --pty (Linux and macOS)")
    terminal = Terminal()
    pty_board = extras.load("megacam.sim.pty_board", "demo", "PIL")
    camera = ["--scene", "--model", _checked(kind_of, model).word]
    for name in fault or ():
        _checked(Faults, [name])
        camera += ["--fault", name]
    files = None if (folder / "flash.img").exists() else {}
    air = [_network(text) for text in network or ("Observatory:clear skies tonight",)]
    try:
        board = pty_board.PtyBoard(folder, files, networks=air, camera=camera)
    except OSError as error:
        raise MegacamError(
            f"cannot use {folder}: {error.strerror}; choose another --folder"
        ) from error
    with board, contextlib.suppress(KeyboardInterrupt):
        board.plug_in()
        terminal.mark("done", f"a simulated ESP32 is at {board.port}; press Ctrl-C to unplug it")
        for one in air:
            terminal.mark("next", f"its Wi-Fi: {one['ssid']}, password {one['password']!r}")
        terminal.command(f"mpremote connect {board.port} repl")
        terminal.command(f"megacam setup --port {board.port}")
        while True:
            time.sleep(1)


def _checked(check: Callable[[Any], Any], value: Any) -> Any:
    try:
        return check(value)
    except ValueError as error:
        raise MisuseError(str(error)) from None


def _network(text: str) -> dict[str, str]:
    ssid, _, password = text.partition(":")
    return {"ssid": ssid, "password": password}
