"""The command `megacam`: parses and prints; the work is done by functions of the same names."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from megacam.errors import MegacamError

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)


@app.callback()
def megacam() -> None:
    """An ESP32 and an Arducam Mega that stream every photo into your own S3 bucket."""


@app.command()
def demo(
    photos_count: Annotated[int, typer.Option(min=1, help="Photos to take.")] = 3,
    interval: Annotated[int, typer.Option(min=5, max=3600, help="Seconds between them.")] = 5,
    photos: Annotated[Path | None, typer.Option(help="Folder of pictures to show it.")] = None,
    keep: Annotated[bool, typer.Option(help="Go on until Ctrl-C.")] = False,
    folder: Annotated[Path, typer.Option(help="Where the photos go.")] = Path("demo-photos"),
) -> None:
    """Run the firmware on a simulated board against a local S3 and check what it stored."""
    from megacam import demo

    out = Console(highlight=False, soft_wrap=True)
    options = demo.Options(photos_count, interval, photos, keep, folder)
    taken = demo.run(
        options,
        say=lambda text: out.print(f"[bold]{text}[/bold]"),
        on_line=lambda line: out.print(f"  board | {line}", style="dim", markup=False),
    )
    out.print(_photo_table(taken))
    out.print(
        f"{len(taken)} photos, byte for byte what the camera gave, are in {folder.resolve()}"
    )


def _photo_table(photos) -> Table:
    from megacam.sim import interpreter

    table = Table(Column("key", overflow="fold"), "bytes", "ms", "checksum", "peak heap")
    for photo in photos:
        checksum = "verified by the store" if photo.etag_ok else "DIFFERS"
        heap = f"{photo.heap_bytes / 1024:.1f} of {interpreter.HEAP}"
        table.add_row(photo.key, f"{photo.size_bytes:,}", str(photo.ms), checksum, heap)
    return table


def main() -> None:
    """Run the command line; a known error is one sentence on stderr and exit code 1."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except MegacamError as e:
        Console(stderr=True).print(f"megacam: {e}", style="red", markup=False)
        sys.exit(1)
