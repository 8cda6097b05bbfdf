"""`megacam status`: how all cameras of a bucket are doing; exit code 1 if one is late."""

import dataclasses
from typing import Annotated

import typer
from rich.text import Text

from megacam.cloud import status
from megacam.cloud.status import DeviceStatus
from megacam.commands import options
from megacam.console import Terminal
from megacam.words import count, span

# Below this a Wi-Fi link of an ESP32 loses packets; a clock this wrong is near S3's 15 minutes.
_WEAK_DBM = -75
_CLOCK_WRONG_MS = 60_000


def status_command(
    bucket: options.Bucket = None,
    device: Annotated[
        list[str] | None, typer.Option("--device", "-d", help="Only this camera (repeatable)")
    ] = None,
    late: Annotated[
        float | None,
        typer.Option(
            min=0.1, help="Minutes after which a camera is late (default: by its schedule)"
        ),
    ] = None,
    region: options.Region = None,
    profile: options.Profile = None,
    config: options.Config = options.CONFIG,
    as_json: options.Json = False,
) -> None:
    """Show every camera: newest photo, backlog, reboots. Exits 1 if one is late, for cron."""
    where = options.place(bucket, None, region, config)
    terminal = Terminal(as_json)
    name = where.need_bucket()
    with terminal.working(f"reading {name}"):
        limit_s = late * 60 if late else None
        found = status.read(where.aws(profile), name, device or (), limit_s)
    terminal.data([dataclasses.asdict(one) for one in found])
    _print(terminal, found)
    if any(one.late for one in found):
        raise typer.Exit(1)


def _print(terminal: Terminal, found: list[DeviceStatus]) -> None:
    terminal.table(
        ("camera", "", "last photo", "backlog", "reboots", "Wi-Fi", "version"),
        [_row(one) for one in found],
        right=("backlog", "reboots", "Wi-Fi"),
    )
    for one in found:
        if one.late:
            terminal.mark("bad", f"{one.name} is late: {one.remark}")
        for remark in _remarks(one):
            terminal.mark("warn", f"{one.name}: {remark}")
        if one.error:
            terminal.mark("same", f"{one.name}: last error: {one.error}")
    if not any(one.late for one in found):
        terminal.mark("done", "all cameras are on time")


def _row(one: DeviceStatus) -> tuple[str | Text, ...]:
    state = Text("late", "bold red") if one.late else Text("ok", "green")
    return (
        one.name,
        state,
        ago(one.photo_age_s),
        _backlog(one),
        _reboots(one),
        _signal(one.rssi_dbm),
        one.version or "-",
    )


def _remarks(one: DeviceStatus) -> list[str]:
    found = []
    if one.thinned:
        found.append(f"{count(one.thinned, 'photo')} dropped because the spool was full")
    if one.lost:
        found.append(f"{count(one.lost, 'photo')} lost")
    if one.damaged:
        found.append(f"{count(one.damaged, 'photo')} damaged")
    if one.refused:
        found.append(f"{count(one.refused, 'photo')} refused by the store; see the last error")
    if one.clock_error_ms is not None and abs(one.clock_error_ms) > _CLOCK_WRONG_MS:
        found.append(f"clock wrong by {abs(one.clock_error_ms) / 1000:.0f} s")
    if one.trial:
        found.append(f"new files are on trial, in slot {one.slot or 'unknown'}")
    if one.back:
        found.append(f"went back to its files before: {one.back}")
    return found


def _backlog(one: DeviceStatus) -> str | Text:
    if one.backlog_photos is None:
        return "-"
    return Text(f"{one.backlog_photos:,}", "yellow" if one.backlog_photos else "")


def _reboots(one: DeviceStatus) -> str:
    if one.reboots is None:
        return "-"
    causes = sorted(one.reboots.causes.items(), key=lambda item: -item[1])
    most = f" ({causes[0][0]})" if causes and one.reboots.total else ""
    return f"{one.reboots.total:,}{most}"


def _signal(dbm: int | None) -> str | Text:
    if dbm is None:
        return "-"
    return Text(f"{dbm} dBm", "yellow" if dbm < _WEAK_DBM else "")


def ago(seconds: int | None) -> str:
    """Return an age in the largest two units that matter; a photo from the future says so."""
    if seconds is None:
        return "never"
    if seconds < 0:
        return f"{ago(-seconds).removesuffix(' ago')} ahead"
    return f"{span(seconds, 1)} ago"
