"""`megacam release`: the files of a release in a folder, without a signature, always the same."""

from pathlib import Path
from typing import Annotated

import typer

from megacam.commands import deploy as deploy_parts
from megacam.commands import options, update_options
from megacam.commands.update_options import BOARD
from megacam.console import Terminal
from megacam.update import content
from megacam.words import count

Folder = Annotated[Path, typer.Argument(help="Where to write them")]


def release_command(
    folder: Folder = Path("release"),
    roots: deploy_parts.Roots = None,
    board_name: update_options.Board = BOARD,
    as_json: options.Json = False,
) -> None:
    """Build the files of a release.

    `megacam update push --release` signs and sends them. The same sources give the same bytes.
    """
    terminal = Terminal(as_json)
    with terminal.working("compiling"):
        found = content.firmware(board_name, roots)
    content.write(folder, found)
    size = sum(map(len, found.files.values()))
    terminal.mark(
        "done",
        f"wrote {count(len(found.files), 'file')}, {size // 1024} KB, and their manifest to "
        f"{folder}",
        f"version {found.version}, .mpy {found.mpy}",
    )
    terminal.mark("next", "sign it and offer it to a camera:")
    terminal.command(f"megacam update push --release {folder} --device NAME")
    files = {path: content.digest(one) for path, one in sorted(found.files.items())}
    terminal.data({"folder": str(folder), "version": found.version, "files": files})
