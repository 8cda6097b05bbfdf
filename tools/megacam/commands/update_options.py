"""What the commands of `megacam update` share: their options, the key folder, the passphrase."""

import os
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from megacam.board import provision
from megacam.console import Terminal
from megacam.errors import MegacamError
from megacam.update import content, keys
from megacam.update.keys import KeyFolder

PASSPHRASE = "MEGACAM_UPDATE_PASSPHRASE"
_INSTEAD = f"the environment variable {PASSPHRASE}"
FOLDER = Path(typer.get_app_dir("megacam")) / "updates"

Keys = Annotated[
    Path, typer.Option("--keys", envvar="MEGACAM_KEYS", help="Folder of your update keys")
]
Devices = Annotated[
    list[str] | None, typer.Option("--device", "-d", help="Only this camera (repeatable)")
]
Board = Annotated[str, typer.Option("--board", help="MicroPython's name of the board")]
With = Annotated[str, typer.Option("--with", help="Key that signs: current or next")]
Replace = Annotated[
    bool, typer.Option("--replace", help="Replace also what a camera has not taken yet")
]
BOARD = content.BOARD


def now() -> int:
    """Return the present moment in UTC seconds since 1970."""
    return int(time.time())


def passphrase(terminal: Terminal) -> str:
    """Return the passphrase of a key; raises MisuseError if nobody can be asked."""
    return os.environ.get(PASSPHRASE) or terminal.ask_secret("Passphrase of the key", _INSTEAD)


def new_passphrase(terminal: Terminal) -> str:
    """Return a passphrase that was typed twice, or is in the environment."""
    given = os.environ.get(PASSPHRASE)
    if given:
        return given
    first = terminal.ask_secret("Passphrase for the new key", _INSTEAD)
    if terminal.ask_secret("The same again", _INSTEAD) != first:
        raise MegacamError("the two passphrases differ; no key was made")
    return first


def ours(folder: KeyFolder) -> tuple[bytes, ...]:
    """Return the moduli of the folder's keys; raises MegacamError if there is none."""
    found = folder.moduli()
    if not found:
        raise folder.missing("current")
    return found


def put_keys(terminal: Terminal, there: Any, folder: KeyFolder, device: str) -> None:
    """Put the public keys and the camera's seal on a board; raises MegacamError."""
    current, second = folder.modulus("current"), folder.modulus("next")
    if not current:
        raise folder.missing("current")
    provision.store_update(there, current, second, folder.make_seal(device))
    named = [keys.fingerprint(one) for one in (current, second) if one]
    terminal.mark("done", f"{device} takes releases from now on", f"keys {' and '.join(named)}")
