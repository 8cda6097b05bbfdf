"""`megacam setup`: from the parcel to the first photo."""

import contextlib
import dataclasses
from pathlib import Path
from typing import Annotated, Any

import typer

from megacam import settings, setup
from megacam.aws import Aws
from megacam.board import deploy, flash, mip, provision
from megacam.board.device import Device, NotMicroPythonError
from megacam.cloud import create, iot, keys
from megacam.cloud.plan import Plan
from megacam.cloud.spec import CloudSpec
from megacam.commands import board, cloud, options
from megacam.commands import deploy as deploy_parts
from megacam.commands import doctor as doctor_parts
from megacam.commands import flash as flash_parts
from megacam.commands import provision as provision_parts
from megacam.console import Terminal
from megacam.doctor import run, verdicts
from megacam.errors import MegacamError
from megacam.words import a, count

Image = Annotated[
    Path | None,
    typer.Option("--flash", help="MicroPython image to write first, unless it is there"),
]
_DEFAULTS = {"s3.region": "us-east-1", "device": "cam1"}
# Start, Wi-Fi, clock and the camera's settling; then the photo is due at the next interval.
_START_S = 120
_WIFI_TRIES = 3


def setup_command(
    port: board.Port = None,
    config: options.Config = options.CONFIG,
    image: Image = None,
    iot_way: options.Iot = False,
    keep_versions: cloud.KeepVersions = None,
    profile: options.Profile = None,
    roots: deploy_parts.Roots = None,
    hmac: deploy_parts.Hmac = None,
    index: deploy_parts.Index = mip.INDEX,
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
    as_json: options.Json = False,
) -> None:
    """Set up the cloud and the board and wait for the first photo.

    If it is interrupted, run it again to continue.
    """
    terminal = Terminal(as_json)
    _title(terminal, 1, "settings")
    raw = _config(terminal, config, dry_run)
    place = setup.place_of(config)
    wanted_image = flash_parts.looked_into(terminal, image) if image else None
    aws = setup.owner(place, profile)
    if iot_way:
        setup.check_iot(place, aws, raw)
    elif aws:
        iot_way = iot.is_only_way(aws, place.need_bucket(), place.need_device())
    sources = (roots, hmac, index)
    work = _SetUp(terminal, raw, place, aws, iot_way, sources, yes, keep_versions, profile)
    if dry_run:
        work.look(port)
    else:
        work.make(port, wanted_image)


def _title(terminal: Terminal, number: int, text: str) -> None:
    terminal.heading(f"{number}  {text}")


def _config(terminal: Terminal, path: Path, dry_run: bool) -> dict[str, Any]:
    if not path.exists():
        if dry_run:
            raise MegacamError(f"{path} is missing; run this without --dry-run to be asked for it")
        answers = {}
        for name, question in setup.QUESTIONS:
            answers[name] = _answer(terminal, name, question, f"{name} in {path}")
        setup.write_config(path, answers)
        terminal.mark("add", f"wrote {path}", "it holds no secret")
    raw = settings.read(path)
    settings.check(raw)
    terminal.mark("done", f"{path} is valid")
    deploy_parts.show_notes(terminal, raw)
    return raw


def _answer(terminal: Terminal, name: str, question: str, instead: str) -> Any:
    def right(typed: str) -> Any:
        if not typed:
            raise settings.SettingsError("nothing was typed, and there is no default")
        return settings.value(name, typed, {name: "what you typed"})

    return terminal.until_right(
        lambda: terminal.ask(question, instead, _DEFAULTS.get(name, "")), right
    )


@dataclasses.dataclass
class _SetUp:
    """The steps after the settings; `aws` is None for a store whose keys are made elsewhere.

    `sources` are the arguments --roots, --hmac and --index.
    """

    terminal: Terminal
    raw: dict[str, Any]
    place: options.Place
    aws: Aws | None
    iot_way: bool
    sources: tuple[Path | None, Path | None, str]
    yes: bool
    keep_versions: int | None
    profile: str | None = None

    def make(self, port: str | None, image: flash.Image | None) -> None:
        """Do all of it; raises MegacamError."""
        terminal, aws = self.terminal, self.aws
        _title(terminal, 2, "cloud")
        before = self._cloud(aws) if aws else self._own_store()
        with contextlib.ExitStack() as stack:
            _title(terminal, 3, "MicroPython")
            found = self._board(stack, port, image)
            _title(terminal, 4, "firmware")
            deploy_parts.carry_out(terminal, found, self._firmware(found))
            with terminal.working("restarting the board"):
                found.reset()
            _title(terminal, 5, "Wi-Fi and key")
            self._wifi(found)
            if aws and "aws" not in provision.from_environment(self.raw):
                self._key(found, aws)
            _title(terminal, 6, "test")
            with terminal.working("taking a photo, then uploading"):
                key, sent = setup.prove_upload(found)
            terminal.mark(
                "done", "camera, Wi-Fi, clock, TLS, signature and permission are in order"
            )
            self._compare(key, sent)
        self._end(*(self._wait(aws, before) if aws else (None, None)))

    def look(self, port: str | None) -> None:
        """Show what would be changed in the cloud and on the board; change nothing."""
        _title(self.terminal, 2, "cloud")
        if self.aws:
            self._plan(self.aws)
        else:
            self._own_store()
        _title(self.terminal, 3, "board")
        with board.opened(self.terminal, port) as found:
            deploy_parts.carry_out(self.terminal, found, self._firmware(found), dry_run=True)
        self.terminal.data({"done": False})

    def _own_store(self) -> set[str]:
        text = f"{self.place.endpoint} is a store of your own"
        self.terminal.mark("same", text, "create bucket and key with its own tools")
        return set()

    def _plan(self, aws: Aws) -> Plan:
        place = self.place
        with self.terminal.working("checking what is there"):
            spec = CloudSpec(
                place.need_bucket(),
                place.need_device(),
                iot=self.iot_way,
                keep_versions=self.keep_versions,
            )
            plan = create.plan(aws, spec)
        cloud.show_plan(self.terminal, aws, place.bucket, plan)
        return plan

    def _cloud(self, aws: Aws) -> set[str]:
        """Make the cloud right; return the keys of the photos that are there already."""
        terminal, place, plan = self.terminal, self.place, self._plan(aws)
        if plan.changes:
            terminal.agree(f"Make {count(len(plan.changes), 'change')}?", self.yes)
            with terminal.progress("working", len(plan.changes)) as advance:
                plan.make(lambda step: advance(1))
        terminal.mark("done", f"{place.bucket} is private and accepts photos from {place.device}")
        return setup.photos(aws, place)

    def _board(
        self, stack: contextlib.ExitStack, port: str | None, image: flash.Image | None
    ) -> Device:
        """Return the board with a MicroPython that is good enough, flashed first if it must be."""
        terminal = self.terminal
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
        self._flash(port, image)
        found = stack.enter_context(board.opened(terminal, port))
        terminal.mark("done", f"MicroPython {found.version} is on the board")
        return found

    def _flash(self, port: str | None, image: flash.Image | None) -> None:
        terminal = self.terminal
        with flash_parts.detected(terminal, port) as chip:
            if image:
                flash_parts.write(terminal, chip, image, self.yes)
                return
            wanted = flash.wanted_image(chip.name)
            name = terminal.ask(f"MicroPython image file ({wanted})", "--flash FILE")
            if not name:
                raise MegacamError(f"the board needs MicroPython: {wanted}; then run this again")
            asked_for = flash_parts.looked_into(terminal, Path(name))
            # --yes was said of no image.
            flash_parts.write(terminal, chip, asked_for, False)

    def _firmware(self, found: Device) -> deploy.Plan:
        roots, hmac, index = self.sources
        with self.terminal.working("compiling"):
            wanted = deploy.tree(self.raw, roots)
        with self.terminal.working("comparing with the board"):
            return deploy.plan(found, wanted, hmac, index, self.terminal.now)

    def _wifi(self, found: Device) -> None:
        """Put what is given into NVS; with AWS, the key is not asked for but made."""
        given = provision.from_environment(self.raw)
        fixed = "wifi" in given
        for entry in setup.missing_entries(found, given):
            if entry == "wifi" or not self.aws:
                given[entry] = provision_parts.ask(self.terminal, entry)
        self._store(found, given)
        self._join(found, _WIFI_TRIES if self.terminal.can_ask and not fixed else 1)

    def _join(self, found: Device, tries: int) -> None:
        """Join the Wi-Fi; ask for another name and password after a failure, while tries last."""
        terminal = self.terminal
        for left in reversed(range(tries)):
            try:
                with terminal.working("joining the Wi-Fi"):
                    address = setup.join(found)
            except verdicts.FailedError as error:
                if not left:
                    raise
                terminal.mark("bad", str(error))
                self._store(found, {"wifi": provision_parts.ask(terminal, "wifi")})
            else:
                terminal.mark("done", f"the board has joined the Wi-Fi with address {address}")
                return

    def _store(self, found: Device, given: dict[str, Any]) -> None:
        with self.terminal.working("writing to NVS"):
            for entry, value in given.items():
                provision.store(found, entry, value)
                self.terminal.mark("done", f"{entry} is in NVS", provision_parts.shown(value))
                provision_parts.warn(self.terminal, value)

    def _key(self, found: Device, aws: Aws) -> None:
        kind = iot.Certificates if self.iot_way else keys.AccessKeys
        ring = kind(aws, self.place.need_bucket(), self.place.need_device())
        with self.terminal.working(f"creating and testing {a(ring.word)}"):
            setup.put_key(found, ring, lambda text: self.terminal.mark("done", text))

    def _compare(self, key: str, sent: str) -> None:
        """Read back what the board has stored; raises MegacamError if the store changed it."""

        def read(key: str) -> bytes:
            if self.aws:
                return self.aws.read(self.place.need_bucket(), key)
            return self.place.read(key, self.profile)

        result = run.whole(key, sent, read)
        doctor_parts.show(self.terminal, result)
        if result.state == "bad":
            raise MegacamError("the bucket would fill with damaged photos; see above")

    def _wait(self, aws: Aws, before: set[str]) -> tuple[str, str]:
        interval_s = self.place.interval_s or settings.default("interval_s")
        with self.terminal.working("waiting for the first photo"):
            return setup.first_photo(aws, self.place, before, _START_S + 3 * interval_s)

    def _end(self, key: str | None, link: str | None) -> None:
        terminal, place = self.terminal, self.place
        terminal.data(
            {
                "done": True,
                "bucket": place.bucket,
                "device": place.device,
                "photo": key,
                "link": link,
            }
        )
        if key and link:
            terminal.mark("done", f"the first photo is in the bucket: {key}")
            terminal.line("View it (the link is valid for 7 days):")
            terminal.command(link)
