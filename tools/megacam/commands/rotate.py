"""`megacam cloud rotate`: a new key for a board, proved before the old one goes."""

import dataclasses
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Annotated, Any

import typer

from megacam.aws import AccessKey, Aws
from megacam.cloud import iot, keys, rotate
from megacam.commands import options
from megacam.console import Terminal
from megacam.errors import MegacamError

Port = Annotated[str | None, typer.Option(help="Serial port of the board")]
Retire = Annotated[str | None, typer.Option(help="Only delete this key, which no board uses")]
ShowSecret = Annotated[
    bool, typer.Option("--show-secret", help="Print the new key, once, instead of using a board")
]
# Opens the board on a serial port (None: the only one), and leaves it running as it was.
OpenBoard = Callable[[str | None], AbstractContextManager[rotate.Board]]


def make_command(open_board: OpenBoard | None) -> Callable[..., None]:
    """Return the command; without `open_board` it can only print a key or retire one."""

    def rotate_command(
        bucket: options.Bucket = None,
        device: options.Device = None,
        port: Port = None,
        iot_way: options.Iot = False,
        retire: Retire = None,
        show_secret: ShowSecret = False,
        region: options.Region = None,
        profile: options.Profile = None,
        config: options.Config = options.CONFIG,
        yes: options.Yes = False,
        dry_run: options.DryRun = False,
        as_json: options.Json = False,
    ) -> None:
        """Put a new key on the board, test it, delete the old one.

        The test is an upload by the board.
        """
        place = options.place(bucket, device, region, config)
        terminal = Terminal(as_json)
        with terminal.working("checking what is there"):
            ring = _ring(options.owner(place, profile), place, iot_way)
        if retire:
            _retire(terminal, ring, retire, yes, dry_run)
        elif show_secret:
            _show_new_key(terminal, ring, yes, dry_run)
        else:
            _rotate(terminal, ring, open_board, port, yes, dry_run)

    return rotate_command


def _ring(aws: Aws, place: options.Place, iot_way: bool) -> rotate.KeyRing[Any]:
    """Return the keys of the device: certificates if asked for, or if it has nothing else."""
    where = (place.need_bucket(), place.need_device())
    if iot_way:
        iot.check_there(aws)
    by_certificate = iot_way or iot.is_only_way(aws, *where)
    return (iot.Certificates if by_certificate else keys.AccessKeys)(aws, *where)


def _retire(
    terminal: Terminal, ring: rotate.KeyRing[Any], identity: str, yes: bool, dry_run: bool
) -> None:
    terminal.mark("remove", f"delete the {ring.word} {identity}")
    if _agreed(terminal, f"Delete the {ring.word} {identity} permanently?", yes, dry_run):
        rotate.retire(ring, identity)
        terminal.mark("done", f"deleted the {ring.word} {identity}")
        terminal.data({"done": True, "retired": [identity]})


def _rotate(
    terminal: Terminal,
    ring: rotate.KeyRing[Any],
    open_board: OpenBoard | None,
    port: str | None,
    yes: bool,
    dry_run: bool,
) -> None:
    old = [one["id"] for one in ring.list()]
    terminal.line(f"now: {', '.join(old) or f'no {ring.word}'}")
    for text in (
        f"create a new {ring.word}",
        "put it on the board",
        "let the board upload with it",
    ):
        terminal.mark("add", text)
    for identity in old:
        terminal.mark("remove", f"delete {identity}")
    if not _agreed(terminal, "Continue?", yes, dry_run):
        return
    if open_board is None:
        raise MegacamError(
            "no board can be reached from here; use --show-secret, then `megacam provision`"
        )
    with open_board(port) as board, terminal.working(f"rotating the {ring.word}"):
        done = rotate.rotate(ring, board, say=lambda text: terminal.mark("done", text))
    terminal.data({"done": True, **dataclasses.asdict(done)})


def _show_new_key(terminal: Terminal, ring: rotate.KeyRing[Any], yes: bool, dry_run: bool) -> None:
    if not isinstance(ring, keys.AccessKeys):
        raise MegacamError(
            "a certificate's private key is not shown; rotate with the board on USB"
        )
    old = [one["id"] for one in ring.list()]
    if len(old) >= ring.limit:
        raise MegacamError(
            f"there are already two keys, {' and '.join(old)}; delete the one that no board uses "
            "with --retire"
        )
    terminal.mark("add", f"create a new {ring.word} and print it")
    terminal.mark("warn", "the secret will be printed: anyone who reads it can put photos")
    if not _agreed(terminal, "Create a key and print it?", yes, dry_run):
        return
    with terminal.working("creating and testing a key"):
        key = rotate.new_key(ring)
    _print_secret(terminal, key, old)


def _agreed(terminal: Terminal, question: str, yes: bool, dry_run: bool) -> bool:
    """Return False on a dry run, having said so; raises MegacamError after a no."""
    if dry_run:
        terminal.line("nothing was changed (--dry-run)")
        terminal.data({"done": False})
        return False
    terminal.agree(question, yes)
    return True


def _print_secret(terminal: Terminal, key: AccessKey, old: list[str]) -> None:
    secret = {
        "access_key_id": key.access_key_id,
        "secret_access_key": key.secret_access_key,
    }
    terminal.data({"done": True, **secret, "still_valid": old})
    terminal.facts(secret)
    terminal.mark(
        "warn",
        "the secret stays wherever this output goes, such as the terminal's history: clear that, "
        "or replace the key: `megacam cloud rotate` with the board on USB",
    )
    for identity in old:
        terminal.mark(
            "next", f"when the board works with it: `megacam cloud rotate --retire {identity}`"
        )
