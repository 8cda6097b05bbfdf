"""`megacam provision` and `megacam wipe`: secrets into the board's NVS, and out of it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from megacam import settings
from megacam.board import provision
from megacam.commands import board, options, update_options
from megacam.console import MisuseError, Terminal
from megacam.update.keys import KeyFolder

Only = Annotated[
    list[str] | None, typer.Option("--only", help="Only this one, wifi or aws (default: both)")
]
_HELP = {
    "wifi": "the environment variables MEGACAM_WIFI_SSID and MEGACAM_WIFI_PASSWORD",
    "aws": "the environment variables MEGACAM_KEY_ID and MEGACAM_KEY_SECRET",
}


def provision_command(
    port: board.Port = None,
    only: Only = None,
    config: options.Config = options.CONFIG,
    folder: update_options.Keys = update_options.FOLDER,
    dry_run: options.DryRun = False,
    as_json: options.Json = False,
) -> None:
    """Put the Wi-Fi password and the keys on the board.

    They come from the environment, then from config.json, or you are asked for them.
    """
    terminal = Terminal(as_json)
    entries = chosen(only)
    given = provision.from_environment(settings.read(config) if config.exists() else {})
    values = {entry: given.get(entry) or ask(terminal, entry) for entry in entries}
    if dry_run:
        for entry, value in values.items():
            terminal.mark("add", entry, shown(value))
            warn(terminal, value)
        _nothing_done(terminal, entries)
        return
    with board.opened(terminal, port) as found, terminal.working("writing to NVS"):
        for entry, value in values.items():
            provision.store(found, entry, value)
            terminal.mark("done", f"{entry} is in NVS, read back and compared", shown(value))
            warn(terminal, value)
        if not only and KeyFolder(folder).modulus("current"):
            update_options.put_keys(terminal, found, KeyFolder(folder), _device(config))
    terminal.data({"done": True, "entries": entries})


def _device(config: Path) -> str:
    return options.place(None, None, None, config).device or settings.default("device")


def wipe_command(
    port: board.Port = None,
    only: Only = None,
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
    as_json: options.Json = False,
) -> None:
    """Erase the Wi-Fi password and the key from the board.

    Do this before you give the board away.
    """
    terminal = Terminal(as_json)
    entries = chosen(only)
    with board.opened(terminal, port) as found:
        for entry, words in provision.known(found).items():
            if entry in entries:
                terminal.mark("remove", entry, words)
        if dry_run:
            _nothing_done(terminal, entries)
            return
        terminal.agree("Erase them from the board?", yes)
        provision.wipe(found, tuple(entries))
        terminal.mark("done", "erased from NVS; an AWS key stays valid until you delete it")
    terminal.data({"done": True, "entries": entries})


def _nothing_done(terminal: Terminal, entries: list[str]) -> None:
    terminal.line("nothing was changed (--dry-run)")
    terminal.data({"done": False, "entries": entries})


def chosen(only: list[str] | None) -> list[str]:
    """Return the entries to work on; raises MisuseError for one that there is not."""
    for entry in only or ():
        if entry not in provision.ENTRIES:
            raise MisuseError(f"there is no entry {entry!r}; choose wifi or aws")
    return list(only or provision.ENTRIES)


def ask(terminal: Terminal, entry: str) -> Any:
    """Ask for an entry's value, its secret part without showing it."""
    instead = _HELP[entry]
    if entry == "wifi":
        called = "the Wi-Fi network", "its password"
        [network] = terminal.until_right(
            lambda: terminal.ask("Wi-Fi network", instead, as_typed=True),
            lambda ssid: provision.wifi(ssid, "", called),
        )
        return terminal.until_right(
            lambda: terminal.ask_secret("Wi-Fi password", instead),
            lambda password: provision.wifi(network["ssid"], password, called),
        )
    called = "the access key id", "its secret"
    identity = terminal.until_right(
        lambda: terminal.ask("AWS access key id of the camera (put-only)", instead),
        lambda typed: provision.key(typed, "s", called)["id"],
    )
    return terminal.until_right(
        lambda: terminal.ask_secret("Secret access key", instead),
        lambda typed: provision.key(identity, typed, called),
    )


def warn(terminal: Terminal, value: Any) -> None:
    """Show what looks like a mistake in an entry's value and is kept."""
    for note in provision.notes(value):
        terminal.mark("warn", note, "kept as it is")


def shown(value: Any) -> str:
    """Return what may be shown of an entry's value."""
    if isinstance(value, list):
        return ", ".join(network["ssid"] for network in value)
    return value["id"]
