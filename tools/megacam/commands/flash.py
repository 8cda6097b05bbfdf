"""`megacam flash`: MicroPython onto the board."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from megacam.board import flash
from megacam.commands import board, options
from megacam.console import Terminal
from megacam.errors import MegacamError

File = Annotated[
    Path | None, typer.Argument(help="MicroPython image; without it, says which one to get")
]


def flash_command(
    image: File = None,
    port: board.Port = None,
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
    as_json: options.Json = False,
) -> None:
    """Write MicroPython to the chip.

    Checks the image, detects the chip, erases the flash and writes it.
    """
    terminal = Terminal(as_json)
    found = looked_into(terminal, image) if image else None
    with detected(terminal, port) as chip:
        if not found:
            raise MegacamError(f"name the image to write: {flash.wanted_image(chip.name)}")
        done = write(terminal, chip, found, yes, dry_run)
    if done:
        with terminal.working("waiting for MicroPython"):
            version = flash.running(port)
        terminal.mark("done", f"MicroPython {version} is on the board")
        terminal.mark("next", "`megacam setup`")
    terminal.data({"done": done, "chip": chip.name, "version": found.version})


def looked_into(terminal: Terminal, path: Path) -> flash.Image:
    """Return what is in an image file, having said so; raises ImageError."""
    found = flash.examine(path)
    terminal.mark("done", f"{path}: MicroPython {found.version} for the {found.chip}")
    return found


@contextlib.contextmanager
def detected(terminal: Terminal, port: str | None) -> Iterator[flash.Chip]:
    """Say what the chip is and yield it in its bootloader; it restarts at the end."""
    with contextlib.ExitStack() as stack:
        with terminal.working("detecting the chip"):
            chip = stack.enter_context(flash.connect(port))
        terminal.mark("done", f"the chip is an {chip.name}")
        yield chip


def write(
    terminal: Terminal, chip: flash.Chip, image: flash.Image, yes: bool, dry_run: bool = False
) -> bool:
    """Erase and write after a yes; return False on a dry run. Raises MegacamError after a no."""
    flash.check(chip.name, image)
    terminal.mark("remove", "everything on the board: files, waiting photos, Wi-Fi, key")
    if dry_run:
        terminal.line("nothing was changed (--dry-run)")
        return False
    terminal.agree("Erase the board and write MicroPython?", yes)
    with terminal.working(f"writing {image.size_bytes // 1024} KB, about two minutes"):
        flash.write(chip, image)
    terminal.mark("done", f"wrote and verified {image.path}")
    return True
