"""`megacam flash`: MicroPython onto the board."""

from pathlib import Path
from typing import Annotated

import typer

from megacam import flash
from megacam.commands import board, options
from megacam.console import Terminal
from megacam.errors import MegacamError

File = Annotated[Path | None, typer.Argument(help="MicroPython's image; without: say which one")]


def flash_command(
    image: File = None,
    port: board.Port = None,
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
) -> None:
    """Detect the chip, look into the image, erase the flash and write it."""
    terminal = Terminal()
    found = flash.examine(image) if image else None
    if found:
        terminal.mark("done", f"{image}: MicroPython {found.version} for the {found.chip}")
    with flash.connect(port) as chip:
        terminal.mark("done", f"the chip is an {chip.name}")
        name = flash.image_name(chip.name)
        if not found:
            raise MegacamError(
                f"name the image to write: {name}-....bin, version 1.24 or newer, from "
                f"https://micropython.org/download/{name}/"
            )
        flash.check(chip.name, found)
        terminal.mark("remove", "everything on the board: files, photos waiting, Wi-Fi, key")
        if dry_run:
            terminal.line("nothing was done (--dry-run)")
            return
        terminal.agree("Erase the board and write MicroPython?", yes)
        with terminal.working(f"writing {found.size_bytes // 1024} KB, about two minutes"):
            flash.write(chip, found)
    terminal.mark("done", f"MicroPython {found.version} is on the board")
    terminal.mark("next", "`megacam setup`")
