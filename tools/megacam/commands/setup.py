"""`megacam setup`: from the parcel to the first photo."""

from pathlib import Path
from typing import Any

from megacam import deploy, mip, provision, settings, setup
from megacam.aws import Aws
from megacam.cloud import create, keys
from megacam.cloud.spec import CloudSpec
from megacam.commands import board, cloud, options
from megacam.commands import deploy as deploy_parts
from megacam.commands import provision as provision_parts
from megacam.console import Terminal
from megacam.device import Device

_DEFAULTS = {"s3.region": "us-east-1", "device": "cam1"}
# Start, Wi-Fi, clock and the camera's settling; then the photo is due at the next interval.
_START_S = 120


def setup_command(
    port: board.Port = None,
    config: options.Config = options.CONFIG,
    profile: options.Profile = None,
    roots: deploy_parts.Roots = None,
    hmac: deploy_parts.Hmac = None,
    index: deploy_parts.Index = mip.INDEX,
    yes: options.Yes = False,
) -> None:
    """Set up cloud and board and wait for the first photo; run it again if it was cut off."""
    terminal = Terminal()
    _title(terminal, 1, "settings")
    raw = _config(terminal, config)
    place = options.place(None, None, None, config)
    aws = setup.owner(place, profile)
    _title(terminal, 2, "cloud")
    if aws:
        _cloud(terminal, aws, place, yes)
    else:
        terminal.mark(
            "same", f"{place.endpoint} is a store of your own", "bucket and key are yours"
        )
    before = setup.photos(aws, place) if aws else set()
    _title(terminal, 3, "firmware")
    with terminal.working("compiling"):
        wanted = deploy.tree(raw, roots)
    with board.opened(terminal, port) as found:
        plan = deploy.plan(found, wanted, hmac, index)
        deploy_parts.carry_out(terminal, found, plan)
        found.reset()
        _title(terminal, 4, "Wi-Fi and key")
        _provision(terminal, found, raw, aws, place)
        _title(terminal, 5, "test")
        with terminal.working("taking a photo, then uploading"):
            setup.prove_upload(found)
        terminal.mark("done", "camera, Wi-Fi, clock, TLS, signature and permission are in order")
    if aws:
        _wait(terminal, aws, place, before)


def _title(terminal: Terminal, number: int, text: str) -> None:
    terminal.heading(f"{number}  {text}")


def _config(terminal: Terminal, path: Path) -> dict[str, Any]:
    if not path.exists():
        answers = {
            name: terminal.ask(question, f"{name} in {path}", _DEFAULTS.get(name, ""))
            for name, question in setup.QUESTIONS
        }
        setup.write_config(path, answers)
        terminal.mark("add", f"wrote {path}", "no secret is in it")
    raw = settings.read(path)
    settings.check(raw)
    terminal.mark("done", f"{path} is valid")
    return raw


def _cloud(terminal: Terminal, aws: Aws, place: options.Place, yes: bool) -> None:
    with terminal.working("looking at what is there"):
        plan = create.plan(aws, CloudSpec(place.need_bucket(), place.need_device()))
    cloud.show_plan(terminal, aws, place.need_bucket(), plan)
    if plan.changes:
        terminal.agree(f"Make {len(plan.changes)} changes?", yes)
        with terminal.progress("working", len(plan.changes)) as advance:
            plan.make(lambda step: advance(1))
    terminal.mark("done", f"{place.bucket} is private, and takes photos of {place.device}")


def _provision(
    terminal: Terminal, found: Device, raw: dict[str, Any], aws: Aws | None, place: options.Place
) -> None:
    given = provision.from_environment(raw)
    for entry in setup.missing_entries(found, given):
        if entry == "wifi" or not aws:
            given[entry] = provision_parts.ask(terminal, entry)
    for entry, value in given.items():
        provision.store(found, entry, value)
        terminal.mark("done", f"{entry} is in NVS", provision_parts.shown(value))
    if aws and "aws" not in given:
        ring = keys.AccessKeys(aws, place.need_bucket(), place.need_device())
        with terminal.working("making and proving a key"):
            setup.put_key(found, ring, lambda text: terminal.mark("done", text))


def _wait(terminal: Terminal, aws: Aws, place: options.Place, before: set[str]) -> None:
    interval_s = place.interval_s or settings.default("interval_s")
    with terminal.working("waiting for the first photo"):
        key, link = setup.first_photo(aws, place, before, _START_S + 3 * interval_s)
    terminal.mark("done", f"the first photo is in the bucket: {key}")
    terminal.line("Look at it (the link is good for 7 days):")
    terminal.command(link)
