"""`megacam demo`: parse and print; the work is done by megacam.demo.run."""

from pathlib import Path
from typing import Annotated, Any

import typer

from megacam.commands import extras
from megacam.console import Terminal
from megacam.words import count

_MOTION_INTERVAL_S = 10


def demo_command(
    photos_count: Annotated[int, typer.Option(min=1, help="Photos to take.")] = 3,
    interval: Annotated[int, typer.Option(min=5, max=3600, help="Seconds between photos.")] = 5,
    photos: Annotated[
        Path | None, typer.Option(help="Folder of pictures to show the camera.")
    ] = None,
    keep: Annotated[bool, typer.Option(help="Run until Ctrl-C.")] = False,
    gallery: Annotated[
        bool, typer.Option("--gallery", help="Open the gallery too; runs until Ctrl-C.")
    ] = False,
    browser: Annotated[bool, typer.Option(help="With --gallery: open the browser.")] = True,
    motion: Annotated[
        bool,
        typer.Option(
            "--motion",
            help="Let visitors come and go; photos only when something moves. 2 minutes.",
        ),
    ] = False,
    update: Annotated[
        bool,
        typer.Option(
            "--update",
            help="Send the running board a signed release, then a broken one. 2 minutes.",
        ),
    ] = False,
    folder: Annotated[Path, typer.Option(help="Folder for the photos.")] = Path("demo-photos"),
) -> None:
    """Run the firmware on a simulated board with a local S3.

    Compares each stored photo with what the camera took.
    """
    demo = extras.load("megacam.demo.run", "demo", "PIL")
    terminal = Terminal()
    if motion:
        if photos:
            raise typer.BadParameter("--motion draws its own pictures; leave --photos out")
        interval = _MOTION_INTERVAL_S
    scenario = None
    if update:
        from megacam.demo.update import Updates

        scenario = Updates()
    taken = demo.run(
        demo.Options(
            photos_count, interval, photos, keep, folder, gallery, browser, motion, update
        ),
        say=lambda text: terminal.line(text, "bold"),
        on_line=lambda line: terminal.line(f"  board | {line}", "dim"),
        scenario=scenario,
    )
    columns = ("key", "bytes", "ms", "checksum", "peak heap")
    terminal.table(columns, [_row(photo) for photo in taken], right=("bytes", "ms"))
    if motion:
        _show_motion(terminal, taken)
    if scenario:
        _show_updates(terminal, scenario.rows)
    terminal.mark(
        "done",
        f"{count(len(taken), 'photo')} in {folder.resolve()}, identical byte for byte to what the "
        "camera took",
    )
    terminal.mark(
        "next", "set up a simulated board in a local AWS yourself (each runs until Ctrl-C):"
    )
    terminal.command("megacam sim cloud")
    terminal.command("megacam sim board --pty")
    terminal.mark("next", "or set up a real one, with the board on USB and an AWS account:")
    terminal.command("megacam setup")


def _show_motion(terminal: Terminal, taken: list[Any]) -> None:
    """Print what moved, what was sent because of it, and what was not."""
    from megacam.demo import motion

    found = motion.rows(taken)
    terminal.table(
        ("what moved", "when", "photos", "taken after", "score", ""),
        [
            (
                row.name,
                row.when,
                str(len(row.photos)),
                ", ".join(f"{photo.at_s:.0f} s" for photo in row.photos),
                ", ".join(str(photo.motion) for photo in row.photos),
                "as it should be" if row.is_right else "WRONG",
            )
            for row in found
        ],
        right=("photos",),
        title="Motion",
    )


def _show_updates(terminal: Terminal, rows: list[Any]) -> None:
    """Print what the board did with each release."""
    terminal.table(
        ("release", "what the board said", ""),
        [
            (row.release, "\n".join(row.lines), "as it should be" if row.is_right else "WRONG")
            for row in rows
        ],
        title="Updates",
    )


def _row(photo: Any) -> tuple[str, ...]:
    from megacam.sim import interpreter

    checksum = "verified by the store" if photo.etag_ok else "DIFFERS"
    heap = f"{photo.heap_bytes / 1024:.1f} of {interpreter.HEAP}"
    return photo.key, f"{photo.size_bytes:,}", str(photo.ms), checksum, heap
