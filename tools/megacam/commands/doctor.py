"""`megacam doctor`: what is wrong, and what to do about it."""

import dataclasses
from collections.abc import Iterator
from typing import Annotated

import typer

from megacam import settings
from megacam.board import deploy
from megacam.commands import board, options
from megacam.commands.deploy import Roots
from megacam.console import Terminal
from megacam.doctor import run
from megacam.doctor import site as site_checks
from megacam.doctor.run import Result

Offline = Annotated[bool, typer.Option("--offline", help="Only the checks that need no board")]
Site = Annotated[
    bool, typer.Option("--site", help="Also prove from outside that the private site is private")
]
_MARKS = {"good": "done", "warn": "warn", "bad": "bad"}


def doctor_command(
    port: board.Port = None,
    offline: Offline = False,
    with_site: Site = False,
    config: options.Config = options.CONFIG,
    profile: options.Profile = None,
    roots: Roots = None,
    as_json: options.Json = False,
) -> None:
    """Check everything from the USB cable to the bucket.

    Stops at the first failure, says what to do, and exits with 1.
    """
    terminal = Terminal(as_json)
    results = []
    with terminal.working("checking"):
        for result in _results(port, offline, with_site, config, profile, roots):
            results.append(result)
            show(terminal, result)
    terminal.data([dataclasses.asdict(one) for one in results])
    if any(one.state == "bad" for one in results):
        raise typer.Exit(1)
    terminal.mark("done", "everything is in order")


def _results(
    port: str | None, offline: bool, with_site: bool, config, profile, roots
) -> Iterator[Result]:
    for result in run.examine_host(config, roots):
        yield result
        if result.state == "bad":
            return
    if offline and not with_site:
        return
    place = options.place(None, None, None, config)
    if not offline:
        wanted = deploy.tree(settings.read(config), roots)
        yield from run.examine(port, wanted, read=lambda key: place.read(key, profile))
    if with_site:
        yield from site_checks.examine(options.owner(place, profile), place.need_bucket())


def show(terminal: Terminal, result: Result) -> None:
    """Print one result, and what to do about it."""
    terminal.mark(_MARKS[result.state], f"{result.name:<11}", result.found)
    if result.cause:
        terminal.mark("next", f"{result.cause.symptom}: {result.cause.remedy}")
