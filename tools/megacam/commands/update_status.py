"""`megacam update status`: who runs which release, who is on trial, who went back and why."""

import dataclasses
from pathlib import Path

import typer
from rich.text import Text

from megacam.commands import options, update_options
from megacam.commands.update_options import FOLDER
from megacam.console import Terminal
from megacam.update import looks, state
from megacam.update.keys import KeyFolder
from megacam.update.state import State
from megacam.update.store import Updates

_STYLES = {"done": "green", "same": "", "bad": "bold red"}


def status_command(
    device: update_options.Devices = None,
    bucket: options.Bucket = None,
    region: options.Region = None,
    profile: options.Profile = None,
    config: options.Config = options.CONFIG,
    folder: update_options.Keys = FOLDER,
    as_json: options.Json = False,
) -> None:
    """Show which release each camera runs. Exits 1 if one went back or refused, for cron."""
    terminal = Terminal(as_json)
    place = options.place(bucket, None, region, config)
    found = _states(terminal, place, profile, folder, device)
    terminal.data([dataclasses.asdict(one) for one in found])
    terminal.table(
        ("camera", "version", "slot", "release", "offered", ""),
        [_row(one) for one in found],
        right=("release", "offered"),
    )
    if any(one.kind == "bad" for one in found):
        raise typer.Exit(1)


def _states(
    terminal: Terminal,
    place: options.Place,
    profile: str | None,
    folder: Path,
    devices: list[str] | None,
) -> list[State]:
    name, at = place.need_bucket(), update_options.now()
    aws = place.aws(profile)
    updates = Updates(aws, name, update_options.ours(KeyFolder(folder)))
    with terminal.working(f"reading {name}"):
        names = devices or looks.cameras(aws, name)
        samples = looks.samples(aws, name, names, at)
        return [state.of(one, sample, updates.offer(one), at) for one, sample in samples.items()]


def _row(one: State) -> tuple[str | Text, ...]:
    return (
        one.device,
        one.version or "-",
        one.slot or "-",
        _number(one.release),
        _number(one.offered),
        Text(one.text, _STYLES[one.kind]),
    )


def _number(value: int | None) -> str:
    return "-" if value is None else str(value)
