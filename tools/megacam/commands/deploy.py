"""`megacam deploy`: the firmware onto the board."""

from pathlib import Path
from typing import Annotated, Any

import typer

from megacam import settings, timezones
from megacam.board import deploy, mip, slots
from megacam.commands import board, options
from megacam.console import Terminal
from megacam.words import count

Roots = Annotated[
    Path | None,
    typer.Option(
        "--roots", envvar="MEGACAM_ROOTS", help="CA certificate of a store that is not AWS"
    ),
]
Hmac = Annotated[
    Path | None,
    typer.Option(
        "--hmac", envvar="MEGACAM_HMAC", help="Offline: folder with micropython-lib's hmac"
    ),
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="List every file")]
Keep = Annotated[
    bool,
    typer.Option("--keep", help="Copy nothing; keep the files on trial on the board"),
]
Index = Annotated[str, typer.Option(help="Where mip finds packages: an https address or a folder")]


def deploy_command(
    port: board.Port = None,
    config: options.Config = options.CONFIG,
    roots: Roots = None,
    hmac: Hmac = None,
    index: Index = mip.INDEX,
    verbose: Verbose = False,
    keep: Keep = False,
    dry_run: options.DryRun = False,
    as_json: options.Json = False,
) -> None:
    """Copy firmware, settings and root certificates to the board.

    It does not copy secrets: use `megacam provision` for those.
    """
    terminal = Terminal(as_json)
    if keep:
        _keep(terminal, port, dry_run)
        return
    raw = read_config(config)
    with terminal.working("compiling"):
        wanted = deploy.tree(raw, roots)
    show_notes(terminal, raw)
    with board.opened(terminal, port) as found:
        with terminal.working("comparing with the board"):
            plan = deploy.plan(found, wanted, hmac, index, terminal.now)
        carry_out(terminal, found, plan, dry_run, verbose)
    terminal.data({"done": not dry_run, **as_data(plan)})


def _keep(terminal: Terminal, port: str | None, dry_run: bool) -> None:
    with board.opened(terminal, port) as found:
        runs = slots.read(found)
        if runs.is_on_trial and not dry_run:
            slots.write(found, runs.kept())
    if not runs.is_on_trial:
        terminal.mark("done", "no files on the board are on trial, nothing to keep")
    elif dry_run:
        terminal.line(f"slot {runs.slot} is on trial; nothing was changed (--dry-run)")
    else:
        terminal.mark("done", f"slot {runs.slot} is kept: the board does not go back any more")
    terminal.data({"slot": runs.slot, "kept": runs.is_on_trial and not dry_run})


def read_config(path: Path) -> dict[str, Any] | None:
    """Return config.json as parsed, or None where nobody named it and there is none."""
    return settings.read(path) if path.exists() or path != options.CONFIG else None


def show_notes(terminal: Terminal, raw: dict[str, Any] | None) -> None:
    """Show what may be meant otherwise: the schedule's local time, pins that are a risk."""
    for doubt in settings.doubts(raw) if raw is not None else ():
        terminal.mark("warn", doubt, "another GPIO is safer")
    said = timezones.note(raw or {}, settings.default("schedule.timezone"))
    if said:
        terminal.mark(*said)


def carry_out(
    terminal: Terminal,
    found: Any,
    plan: deploy.Plan,
    dry_run: bool = False,
    verbose: bool = False,
) -> None:
    """Show `plan` and do it, unless `dry_run`.

    On a terminal a bar says enough; every file is named with `verbose`, and in a pipe.
    """
    if verbose or dry_run or terminal.plain:
        for path in sorted(plan.send):
            terminal.mark("add", path, _size(plan, path))
        for path in (*plan.remove, *plan.left):
            terminal.mark("remove", path)
    if plan.is_empty:
        if not dry_run:
            deploy.make(found, plan)  # clears away what a deploy that was cut off has left
        terminal.mark("done", f"version {plan.version} is on the board, nothing to change")
    elif dry_run:
        terminal.line("nothing was changed (--dry-run)")
    else:
        with terminal.progress("copying", plan.size_bytes) as advance:
            deploy.make(found, plan, advance, terminal.now)
        terminal.mark(
            "done",
            f"version {plan.version} is on the board: {count(len(plan.send), 'file')} copied and "
            f"verified, {plan.same} unchanged",
        )
        if plan.new.is_on_trial:
            terminal.mark(
                "next",
                "the new files are on trial until a photo is stored; after three starts without "
                "one, the board goes back (`megacam deploy --keep` ends the trial)",
            )


def _size(plan: deploy.Plan, path: str) -> str:
    sent, size = plan.bytes_of(path), len(plan.send[path])
    return f"{size:,} bytes" if sent == size else f"{sent:,} of {size:,} bytes"


def as_data(plan: deploy.Plan) -> dict[str, Any]:
    """Return `plan` for --json."""
    return {
        "version": plan.version,
        "sent": sorted(plan.send),
        "removed": plan.remove,
        "same": plan.same,
        "slot": plan.new.slot,
        "trial": plan.new.is_on_trial,
    }
