"""`megacam update`: keys, and releases of firmware, settings and Wi-Fi through the bucket."""

from pathlib import Path
from typing import Annotated

import typer

from megacam import settings
from megacam.board import provision
from megacam.commands import board, options, update_options, update_push
from megacam.commands import provision as provision_parts
from megacam.commands.update_options import BOARD, FOLDER, passphrase
from megacam.commands.update_push import Target
from megacam.commands.update_status import status_command
from megacam.console import MisuseError, Terminal
from megacam.errors import MegacamError
from megacam.update import content, keys, looks, rollout, signers, watch
from megacam.update.keys import WHICH, KeyFolder
from megacam.update.ledger import Ledger
from megacam.words import count

Next = Annotated[bool, typer.Option("--next", help="The cameras' second key, for the day after")]
Signer = Annotated[str, typer.Option(help="Command that signs instead of a key file")]
Gets = Annotated[
    str, typer.Option(help=f"What the signer gets on stdin: {', '.join(signers.INPUTS)}")
]
Public = Annotated[Path | None, typer.Option(help="The signer's public key, PEM")]
Promote = Annotated[bool, typer.Option("--promote", help="Make the next key the current one")]
Provision = Annotated[
    bool, typer.Option("--provision", help="Put the public keys and a seal on the board")
]
Percent = Annotated[int, typer.Option(min=1, max=100, help="Share of the cameras")]
Anyway = Annotated[bool, typer.Option("--anyway", help="Widen it against all warnings")]


def make_app() -> typer.Typer:
    """Return the commands."""
    app = typer.Typer(no_args_is_help=True, help="Update cameras through the bucket, signed.")
    app.command("key")(key_command)
    app.command("push")(update_push.push_command)
    app.command("advance")(advance_command)
    app.command("wifi")(wifi_command)
    app.command("status")(status_command)
    return app


def key_command(
    second: Next = False,
    signer: Signer = "",
    signer_gets: Gets = "digest-info",
    public: Public = None,
    promote: Promote = False,
    to_board: Provision = False,
    device: options.Device = None,
    port: board.Port = None,
    config: options.Config = options.CONFIG,
    folder: update_options.Keys = FOLDER,
) -> None:
    """Make the key that signs releases.

    The private part stays on this computer, behind a passphrase.
    """
    terminal, found = Terminal(), KeyFolder(folder)
    which = WHICH[second]
    if promote:
        terminal.mark("done", f"the next key is the current one; the old one is {found.promote()}")
        return
    if signer:
        if not public:
            raise MisuseError("add --public FILE, the public key of the signer in PEM")
        _say_made(terminal, found, which, signers.add(found, which, signer, signer_gets, public))
    elif not to_board or not found.modulus(which):
        found.check_free(which)
        _say_made(
            terminal, found, which, found.make(which, update_options.new_passphrase(terminal))
        )
    if to_board:
        place = options.place(None, device, None, config)
        with board.opened(terminal, port) as there, terminal.working("writing to NVS"):
            update_options.put_keys(
                terminal, there, found, place.device or settings.default("device")
            )


def _say_made(terminal: Terminal, folder: KeyFolder, which: str, modulus: bytes) -> None:
    name = keys.fingerprint(modulus)
    terminal.mark("done", f"the {which} key is in {folder.path}", f"key {name}")
    terminal.mark("next", "keep a copy of that folder elsewhere, and the passphrase in your head")
    if not folder.modulus("next"):
        terminal.mark("next", "make the cameras' second key: `megacam update key --next`")
    terminal.mark("next", "give cameras the public keys: `megacam update key --provision`")


def advance_command(
    percent: Percent = 100,
    anyway: Anyway = False,
    with_key: update_options.With = "current",
    bucket: options.Bucket = None,
    region: options.Region = None,
    profile: options.Profile = None,
    config: options.Config = options.CONFIG,
    folder: update_options.Keys = FOLDER,
) -> None:
    """Offer the last release to more cameras.

    Not if those that have it became worse.
    """
    terminal = Terminal()
    target = Target.of(terminal, options.place(bucket, None, region, config), profile, folder)
    entry = Ledger(target.folder).newest(target.bucket)
    if not entry:
        raise MegacamError(
            f"nothing was pushed to {target.bucket} from this computer; begin with `megacam "
            "update push --percent 10`"
        )
    if entry.halted or percent <= entry.percent:
        state = "was halted" if entry.halted else f"is out to {entry.percent} % of the cameras"
        raise MegacamError(f"release {entry.counter} {state}; push a new one")
    with terminal.working("looking at the cameras"):
        chosen = looks.seen(target.aws, entry, rollout.chosen(entry), target.now)
    against = watch.reasons(entry.counter, entry.widened, target.now, chosen)
    for reason in against:
        terminal.mark("warn" if anyway else "bad", reason)
    if against and not anyway:
        raise MegacamError(
            f"release {entry.counter} stays at {entry.percent} %; stop it with `megacam update "
            "push --halt`, or widen it with --anyway"
        )
    sign = signers.signer(target.folder, with_key, lambda: passphrase(terminal))
    with terminal.working(f"release {entry.counter}"):
        target.rollout.widen(entry, percent, sign)
    terminal.mark("done", f"release {entry.counter} is out to {percent} % of the cameras")


def wifi_command(
    device: update_options.Devices = None,
    replace: update_options.Replace = False,
    with_key: update_options.With = "current",
    board_name: update_options.Board = BOARD,
    bucket: options.Bucket = None,
    region: options.Region = None,
    profile: options.Profile = None,
    config: options.Config = options.CONFIG,
    folder: update_options.Keys = FOLDER,
    yes: options.Yes = False,
) -> None:
    """Send cameras another Wi-Fi network.

    It is sealed to each of them, and a camera that cannot join it goes back.
    """
    terminal = Terminal()
    place = options.place(bucket, None, region, config)
    target = Target.of(terminal, place, profile, folder)
    names = list(device or [place.need_device()])
    given = provision.from_environment(settings.read(config) if config.exists() else {})
    networks = given.get("wifi") or provision_parts.ask(terminal, "wifi")
    provision_parts.warn(terminal, networks)
    terminal.mark("add", f"the Wi-Fi of {', '.join(names)}", provision_parts.shown(networks))
    terminal.agree(f"Send it to {count(len(names), 'camera')}?", yes)
    contents = {name: content.of_wifi(board_name) for name in names}
    days = target.days(names, rollout.DAYS)
    order = rollout.Order(networks=networks, days=days, replace=replace)
    target.send(contents, order, with_key)
