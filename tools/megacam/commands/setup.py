"""`megacam setup`: from the parcel to the first photo."""

import contextlib
from pathlib import Path
from typing import Annotated, Any

import typer

from megacam import deploy, flash, mip, provision, settings, setup
from megacam.aws import Aws
from megacam.cloud import create, iot, keys
from megacam.cloud.spec import CloudSpec
from megacam.commands import board, cloud, options
from megacam.commands import deploy as deploy_parts
from megacam.commands import flash as flash_parts
from megacam.commands import provision as provision_parts
from megacam.console import Terminal
from megacam.device import Device, NotMicroPythonError
from megacam.errors import MegacamError

Image = Annotated[
    Path | None,
    typer.Option("--flash", help="Write this image of MicroPython first, unless it is there"),
]
_DEFAULTS = {"s3.region": "us-east-1", "device": "cam1"}
# Start, Wi-Fi, clock and the camera's settling; then the photo is due at the next interval.
_START_S = 120


def setup_command(
    port: board.Port = None,
    config: options.Config = options.CONFIG,
    image: Image = None,
    iot_way: options.Iot = False,
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
    place = setup.place_of(config)
    wanted_image = flash_parts.looked_into(terminal, image) if image else None
    aws = setup.owner(place, profile)
    if iot_way:
        setup.check_iot(place, aws, raw)
    _title(terminal, 2, "cloud")
    before = set()
    if aws:
        iot_way = iot_way or iot.is_only_way(aws, place.need_bucket(), place.need_device())
        _cloud(terminal, aws, place, iot_way, yes)
        before = setup.photos(aws, place)
    else:
        terminal.mark("same", f"{place.endpoint} is a store of your own", "bucket and key, too")
    with contextlib.ExitStack() as stack:
        _title(terminal, 3, "MicroPython")
        found = _board(terminal, stack, port, wanted_image, yes)
        _title(terminal, 4, "firmware")
        _firmware(terminal, found, raw, roots, hmac, index)
        _title(terminal, 5, "Wi-Fi and key")
        _wifi(terminal, found, raw, aws)
        if aws and "aws" not in provision.from_environment(raw):
            _key(terminal, found, aws, place, iot_way)
        _title(terminal, 6, "test")
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


def _cloud(terminal: Terminal, aws: Aws, place: options.Place, iot_way: bool, yes: bool) -> None:
    with terminal.working("looking at what is there"):
        spec = CloudSpec(place.need_bucket(), place.need_device(), iot=iot_way)
        plan = create.plan(aws, spec)
    cloud.show_plan(terminal, aws, place.need_bucket(), plan)
    if plan.changes:
        terminal.agree(f"Make {len(plan.changes)} changes?", yes)
        with terminal.progress("working", len(plan.changes)) as advance:
            plan.make(lambda step: advance(1))
    terminal.mark("done", f"{place.bucket} is private, and takes photos of {place.device}")


def _board(
    terminal: Terminal,
    stack: contextlib.ExitStack,
    port: str | None,
    image: flash.Image | None,
    yes: bool,
) -> Device:
    """Return the board with a MicroPython that is good enough, flashed first if it must be."""
    with contextlib.ExitStack() as first:
        try:
            found = first.enter_context(board.opened(terminal, port))
        except NotMicroPythonError as error:
            terminal.mark("warn", str(error))
        else:
            if not setup.must_flash(found, image):
                terminal.mark("done", f"MicroPython {found.version} is on the board")
                stack.push(first.pop_all())
                return found
            terminal.mark("same", f"MicroPython {found.version} is on the board")
    _flash(terminal, port, image, yes)
    return stack.enter_context(board.opened(terminal, port))


def _flash(terminal: Terminal, port: str | None, image: flash.Image | None, yes: bool) -> None:
    with flash_parts.detected(terminal, port) as chip:
        if image:
            flash_parts.write(terminal, chip, image, yes)
            return
        wanted = flash.wanted_image(chip.name)
        name = terminal.ask(f"File of MicroPython's image ({wanted})", "--flash FILE")
        if not name:
            raise MegacamError(f"the board needs MicroPython: {wanted}; then run this again")
        flash_parts.write(terminal, chip, flash_parts.looked_into(terminal, Path(name)), False)


def _firmware(
    terminal: Terminal,
    found: Device,
    raw: dict[str, Any],
    roots: Path | None,
    hmac: Path | None,
    index: str,
) -> None:
    with terminal.working("compiling"):
        wanted = deploy.tree(raw, roots)
    with terminal.working("comparing with the board"):
        plan = deploy.plan(found, wanted, hmac, index)
    deploy_parts.carry_out(terminal, found, plan)
    found.reset()


def _wifi(terminal: Terminal, found: Device, raw: dict[str, Any], aws: Aws | None) -> None:
    """Put what is given into NVS; with `aws`, its key is not asked for but made."""
    given = provision.from_environment(raw)
    for entry in setup.missing_entries(found, given):
        if entry == "wifi" or not aws:
            given[entry] = provision_parts.ask(terminal, entry)
    for entry, value in given.items():
        provision.store(found, entry, value)
        terminal.mark("done", f"{entry} is in NVS", provision_parts.shown(value))


def _key(terminal: Terminal, found: Device, aws: Aws, place: options.Place, iot_way: bool) -> None:
    kind = iot.Certificates if iot_way else keys.AccessKeys
    ring = kind(aws, place.need_bucket(), place.need_device())
    with terminal.working(f"making and proving a {ring.word}"):
        setup.put_key(found, ring, lambda text: terminal.mark("done", text))


def _wait(terminal: Terminal, aws: Aws, place: options.Place, before: set[str]) -> None:
    interval_s = place.interval_s or settings.default("interval_s")
    with terminal.working("waiting for the first photo"):
        key, link = setup.first_photo(aws, place, before, _START_S + 3 * interval_s)
    terminal.mark("done", f"the first photo is in the bucket: {key}")
    terminal.line("Look at it (the link is good for 7 days):")
    terminal.command(link)
