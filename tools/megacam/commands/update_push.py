"""`megacam update push`: sign a release for each camera and offer it in the bucket."""

import contextlib
import dataclasses
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from megacam import settings
from megacam.aws import Aws, AwsError
from megacam.cloud import retention
from megacam.commands import options, update_options
from megacam.commands.update_options import BOARD, FOLDER
from megacam.console import MisuseError, Terminal
from megacam.errors import MegacamError
from megacam.update import content, looks, rollout, signers
from megacam.update.content import Content
from megacam.update.keys import KeyFolder
from megacam.update.ledger import Ledger, report_hash
from megacam.update.rollout import Order, Rollout
from megacam.update.store import Updates
from megacam.update.watch import Sample
from megacam.words import count

All = Annotated[bool, typer.Option("--all", help="Every camera of the bucket")]
Percent = Annotated[
    int | None, typer.Option(min=1, max=100, help="Begin with this share of all cameras")
]
SettingsFile = Annotated[
    Path | None, typer.Option("--settings", help="Send this config.json instead of firmware")
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="Send config.json with this change: NAME=VALUE (repeatable)"),
]
Folder = Annotated[Path | None, typer.Option("--release", help="Folder of `megacam release`")]
Days = Annotated[
    int, typer.Option(min=1, max=rollout.DAYS_MOST, help="Days for which it is offered")
]
NextKey = Annotated[
    bool, typer.Option("--next-key", help="Also give the cameras your next key as theirs")
]
Counter = Annotated[int, typer.Option(min=1, help="Lowest counter, if your ledger is lost")]
Halt = Annotated[bool, typer.Option("--halt", help="Withdraw the last release instead")]


@dataclasses.dataclass(frozen=True)
class Target:
    """Where a release goes, with the keys in `folder`, at `now` (UTC seconds since 1970)."""

    terminal: Terminal
    aws: Aws
    bucket: str
    folder: KeyFolder
    now: int

    @classmethod
    def of(
        cls, terminal: Terminal, place: options.Place, profile: str | None, folder: Path
    ) -> "Target":
        """Return the target; raises MegacamError if bucket or keys are missing."""
        found = KeyFolder(folder)
        update_options.ours(found)
        bucket = place.need_bucket()
        return cls(terminal, place.aws(profile), bucket, found, update_options.now())

    @property
    def rollout(self) -> Rollout:
        """The releases of these keys in this bucket."""
        updates = Updates(self.aws, self.bucket, self.folder.moduli())
        return Rollout(updates, self.folder, self.now, self.terminal.now)

    def days(self, devices: Iterable[str], most: int) -> dict[str, int]:
        """Return for how many days each camera can be offered a release: photos' days at most.

        The bucket deletes a release's files as it deletes the camera's photos.
        """
        rules: list[dict[str, Any]] = []
        with contextlib.suppress(AwsError):  # another store may have no such rules
            rules = retention.lifecycle(self.aws, self.bucket)
        return {name: min(most, retention.keep_days(rules, name) or most) for name in devices}

    def send(
        self,
        contents: Mapping[str, Content],
        order: Order,
        with_key: str,
        samples: Mapping[str, Sample] | None = None,
    ) -> None:
        """Sign and offer; raises MegacamError."""
        terminal = self.terminal
        sign = signers.signer(self.folder, with_key, lambda: update_options.passphrase(terminal))
        with terminal.working("looking at the cameras"):
            before = samples or looks.samples(self.aws, self.bucket, contents, self.now)
            entry = self.rollout.push(contents, before, sign, order)
        for one in contents.values():
            if content.SETTINGS in one.files:
                Ledger(self.folder).remember(one.files[content.SETTINGS])
        chosen = rollout.chosen(entry)
        terminal.mark(
            "done",
            f"release {entry.counter} is offered to {count(len(chosen), 'camera')}",
            f"{', '.join(chosen)}; each takes it with its next health report",
        )
        if entry.percent < 100:
            terminal.mark("next", "look in an hour, then widen it: `megacam update advance`")


def push_command(
    device: update_options.Devices = None,
    every: All = False,
    percent: Percent = None,
    settings_file: SettingsFile = None,
    changes: Set = None,
    release: Folder = None,
    days: Days = rollout.DAYS,
    next_key: NextKey = False,
    with_key: update_options.With = "current",
    counter: Counter = 1,
    halt: Halt = False,
    replace: update_options.Replace = False,
    board_name: update_options.Board = BOARD,
    bucket: options.Bucket = None,
    region: options.Region = None,
    profile: options.Profile = None,
    config: options.Config = options.CONFIG,
    folder: update_options.Keys = FOLDER,
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
) -> None:
    """Offer firmware or settings to cameras, signed, with a way back."""
    terminal = Terminal()
    place = options.place(bucket, None, region, config)
    target = Target.of(terminal, place, profile, folder)
    if halt:
        _halt(target)
        return
    names = _devices(target, place, device, every or percent is not None)
    with terminal.working("looking at the cameras"):
        samples = looks.samples(target.aws, target.bucket, names, target.now)
    if settings_file or changes:
        base, ledger = settings.read(settings_file or config), Ledger(target.folder)
        own = _settings(base, settings_file is not None, changes or [], samples, ledger)
        contents = {name: content.of_settings(one, board_name) for name, one in own.items()}
    else:
        with terminal.working("compiling"):
            one = content.read(release) if release else content.firmware(board_name)
        contents = dict.fromkeys(names, one)
    _show(terminal, contents, samples)
    if dry_run:
        terminal.line("nothing was changed (--dry-run)")
        return
    terminal.agree(f"Release this to {count(len(names), 'camera')}?", yes)
    new_key = target.folder.modulus("next") if next_key else b""
    if new_key is None:
        raise target.folder.missing("next")
    whole = not changes or settings_file is not None
    offered = target.days(names, days)
    order = Order(percent or 100, offered, counter, new_key, whole=whole, replace=replace)
    target.send(contents, order, with_key, samples)


def _halt(target: Target) -> None:
    entry = Ledger(target.folder).newest(target.bucket)
    if not entry:
        raise MegacamError(f"nothing was pushed to {target.bucket} from this computer")
    with target.terminal.working("withdrawing"):
        gone = target.rollout.halt(entry)
    target.terminal.mark("done", f"release {entry.counter} is offered to nobody any more")
    target.terminal.mark(
        "next",
        f"it was withdrawn from {count(len(gone), 'camera')}; those that took it keep it, so push "
        "what they should run instead",
    )


def _devices(
    target: Target, place: options.Place, named: list[str] | None, every: bool
) -> list[str]:
    if named:
        return sorted(set(named))
    if every:
        with target.terminal.working("looking for cameras"):
            return looks.cameras(target.aws, target.bucket)
    return [place.need_device()]


def _show(
    terminal: Terminal, contents: Mapping[str, Content], samples: Mapping[str, Sample]
) -> None:
    for name, one in contents.items():
        size = sum(map(len, one.files.values()))
        was = samples[name].version or "unknown"
        what = "settings" if content.SETTINGS in one.files else f"{was} to {one.version}"
        terminal.mark("add", f"{name}: {what}", f"{count(len(one.files), 'file')}, {size:,} bytes")


def _settings(
    base: settings.Settings,
    is_whole: bool,
    changes: list[str],
    samples: Mapping[str, Sample],
    ledger: Ledger,
) -> dict[str, settings.Settings]:
    """Return the settings for each camera: `base` if it `is_whole`, else its own, and `changes`.

    Raises MegacamError if a camera's own settings are unknown, or for another version's schema.
    """
    found: dict[str, settings.Settings] = {}
    for name, sample in samples.items():
        if sample.version and sample.version != settings.firmware_version():
            raise MegacamError(
                f"{name} runs {sample.version}, and these settings are for "
                f"{settings.firmware_version()}; push the firmware first"
            )
        own = _of_device(base, name)
        if not is_whole and report_hash(settings.check(own)[0]) != sample.config:
            own = _recalled(ledger, name, sample, settings.source(base))
        found[name] = _changed(own, changes)
    return found


def _recalled(ledger: Ledger, device: str, sample: Sample, source: str) -> settings.Settings:
    """Return the settings that were sent before and that the camera reports."""
    found = ledger.recall(sample.config)
    if found is None:
        raise MegacamError(
            f"{device} does not run the settings in {source}, so --set would change more than it "
            "says; name all of them with --settings FILE"
        )
    return settings.Settings(json.loads(found))


def _of_device(base: settings.Settings, device: str) -> settings.Settings:
    own = settings.Settings({**base, "device": device})
    own.source = base.source
    return own


def _changed(base: settings.Settings, changes: list[str]) -> settings.Settings:
    """Return a copy of `base` with the changes NAME=VALUE, where a value is JSON or a word."""
    own = settings.Settings(json.loads(json.dumps(base)))
    own.source = base.source
    for change in changes:
        name, sign, text = change.partition("=")
        if not sign or not name:
            raise MisuseError(f"--set is {change!r}; write NAME=VALUE, for example interval_s=60")
        *sections, last = name.split(".")
        place: Any = own
        for section in sections:
            place = place.setdefault(section, {})
            if not isinstance(place, dict):
                raise MisuseError(f"--set is {change!r}, but {section} is no section")
        try:
            place[last] = json.loads(text)
        except ValueError:
            place[last] = text
    return own
