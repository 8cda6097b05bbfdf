"""`megacam build`: the board's files into a folder, for mpremote."""

from pathlib import Path
from typing import Annotated, Any

import typer

from megacam.board import build, mip, provision
from megacam.commands import deploy as deploy_parts
from megacam.commands import options
from megacam.console import Terminal

_FOLDER = Path("build")
_WORDS = {"wifi": "the Wi-Fi network", "aws": "the access key"}
Folder = Annotated[Path, typer.Argument(help="Folder to write: a new one or an earlier build")]


def build_command(
    folder: Folder = _FOLDER,
    config: options.Config = options.CONFIG,
    roots: deploy_parts.Roots = None,
    hmac: deploy_parts.Hmac = None,
    index: deploy_parts.Index = mip.INDEX,
    as_json: options.Json = False,
) -> None:
    """Write the files of the board to a folder.

    `mpremote` can copy them to an empty board.
    """
    terminal = Terminal(as_json)
    raw = deploy_parts.read_config(config)
    with terminal.working("compiling"):
        wanted = build.tree(raw, roots, hmac, index)
    build.write(folder, wanted)
    deploy_parts.show_notes(terminal, raw)
    size = sum(map(len, wanted.values()))
    terminal.mark("done", f"wrote {len(wanted)} files, {size // 1024} KB, to {folder}")
    terminal.data({"folder": str(folder), "files": sorted(wanted)})
    _say_what_next(terminal, folder, config, raw)


def _say_what_next(
    terminal: Terminal, folder: Path, config: Path, raw: dict[str, Any] | None
) -> None:
    # The folder's config.json is without secrets. The board moves those of the original into NVS.
    secrets = provision.from_environment(raw, {}) if raw else {}
    copy = f"mpremote cp -r {folder}/. :"
    if raw is None:
        terminal.mark("warn", f"there is no {config}: copy config.example.json to it and edit it")
    if raw is None or secrets:
        copy += f" + cp {config} :" + ("" if config.name == "config.json" else "config.json")
    terminal.mark("next", "copy them to the board and start it:")
    terminal.command(f"{copy} + reset")
    missing = [_WORDS[entry] for entry in provision.ENTRIES if entry not in secrets]
    if missing:
        terminal.mark(
            "next",
            f"put {' and '.join(missing)} on the board with `megacam provision`, or into {config}",
        )
