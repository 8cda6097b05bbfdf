"""The demo of updates: a release changes the firmware of the running board, and a broken one goes.

The board's side is the real one: the release is signed, fetched from the bucket, verified, tried
in the other slot, and kept or not.
"""

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from megacam import settings
from megacam.board import tree
from megacam.demo import run
from megacam.sim.board import Board
from megacam.sim.store import Store
from megacam.update import content as contents
from megacam.update import signers
from megacam.update.keys import KeyFolder
from megacam.update.store import name

_PASSPHRASE = "only for this demo"
_DAY_S = 86_400
# Of a start until it asks, then the download, a restart and the trial's photo and report.
_TIMEOUT_S = 180
_VERSION = "__version__ ="
_GOOD, _BAD = "9.0.0", "9.1.0"
_CODE_OF_BAD = "raise ValueError('this release is broken')\n"
_HAS_WORKED = 16  # slot a; firmware/start/slot_state.py
# The lines of the board's console, in this order.
_TRIED = ("I update begins", "I update switches", f"version={_GOOD}")
_KEPT = "I update kept"
# A release has three starts, besides the one that only checks the settings.
_BACK = ("I update switches", *["E boot cannot start"] * 3, "I app started", "I s3 stored")


@dataclass(frozen=True)
class Row:
    """One line of the table: what was offered, and the lines with which the board took it."""

    release: str
    lines: tuple[str, ...]
    is_right: bool


class Owner:
    """Signs releases for the board of the demo, with a key of its own in `folder`."""

    def __init__(self, folder: Path):
        self._keys = KeyFolder(folder)
        self._keys.make("current", _PASSPHRASE)
        self._counter = 0

    def provision(self, board: Board) -> None:
        """Let the board trust this owner's key, and take its slot for one that has worked.

        A new board asks for no release until it has been well for some minutes.
        """
        modulus = self._keys.modulus("current")
        board.exec(
            f"from firmware import credentials as c\nc.save_der('update_current', {modulus!r})\n"
            f"from esp32 import NVS\nn = NVS('megacam')\nn.set_i32('slot', {_HAS_WORKED})\n"
            "n.commit()\n"
        )

    def firmware(
        self, version: str, more: Mapping[str, str], now: float, **fields: Any
    ) -> dict[str, bytes]:
        """Return a release of the firmware as `version`: {key in the bucket: content}.

        `more` has {module: source} in place of its own; `now` is in UTC seconds since 1970.
        `fields` are further ones of its manifest.
        """
        package = (tree.root() / "firmware" / "__init__.py").read_text(encoding="utf-8")
        old = f'{_VERSION} "{settings.firmware_version()}"'
        built = tree.build({"firmware": package.replace(old, f'{_VERSION} "{version}"'), **more})
        files = {where: one for path, one in built.items() if (where := contents.slot_path(path))}
        return self.sign(
            contents.Content(
                version, contents.BOARD, contents.mpy_version(), files, ("config.json", "roots")
            ),
            now,
            **fields,
        )

    def sign(self, content: contents.Content, now: float, **more: Any) -> dict[str, bytes]:
        """Return the release of `content`: {key in the bucket: content}.

        `more` are further fields of its manifest.
        """
        self._counter += 1
        text = content.manifest(
            counter=self._counter,
            devices=(run.DEVICE,),
            not_before=int(now) - _DAY_S,
            expires=int(now) + _DAY_S,
            **more,
        ).text()
        sign = signers.signer(self._keys, "current", lambda: _PASSPHRASE)
        objects = {**content.objects, "release": sign(text) + text}
        return {name(run.DEVICE, digest): one for digest, one in objects.items()}


class Updates:
    """The scenario of `megacam demo --update`; `rows` has what came of each release."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="megacam-demo-keys-")
        self.rows: list[Row] = []
        self.versions = (settings.firmware_version(), _GOOD)

    def prepare(self, board: Board, store: Store) -> None:
        """Let the board trust a new key, and offer it a release that it finds once it runs."""
        self._s3 = store.client("s3")
        owner = Owner(Path(self._folder.name))
        owner.provision(board)
        now = time.time()
        self._offer(owner.firmware(_GOOD, {}, now))
        self._broken = owner.firmware(_BAD, {"firmware.app": _CODE_OF_BAD}, now)

    def play(self, watch: run.Watch, say: Callable[[str], None]) -> None:
        """See a good release come and stay, then one that breaks at its start come and go."""
        console = _Console(watch)
        say(f"the bucket has a good release ({_GOOD}), signed")
        tried = console.wait_for(*_TRIED)
        # A board on trial asks for nothing, but at once when that has ended well.
        say(f"offering a release that breaks at its start ({_BAD}), signed")
        self._offer(self._broken)
        self._note(f"{_GOOD}, a good release", tried + console.wait_for(_KEPT), (*_TRIED, _KEPT))
        self._note(f"{_BAD}, breaks at its start", console.wait_for(*_BACK), _BACK)

    def _offer(self, release: Mapping[str, bytes]) -> None:
        for key, content in release.items():
            self._s3.put_object(Bucket=run.BUCKET, Key=key, Body=content)

    def _note(self, release: str, seen: list[str], wanted: tuple[str, ...]) -> None:
        # What follows says nothing to a reader: the checksum of a photo, its duration.
        short = tuple(line.partition(" bytes=")[0] for line in seen)
        self.rows.append(Row(release, short, len(seen) == len(wanted)))


class _Console:
    """Looks for lines in what the board says, each one after the last that was found."""

    def __init__(self, watch: run.Watch):
        self._watch = watch
        self._at = 0

    def wait_for(self, *wanted: str) -> list[str]:
        """Return a line for each of the texts `wanted`, fewer of them if they do not come."""
        until = time.monotonic() + _TIMEOUT_S
        seen: list[str] = []
        while len(seen) < len(wanted):
            self._watch.news.clear()
            for line in self._watch.lines[self._at :]:
                self._at += 1
                if wanted[len(seen)] in line:
                    seen.append(line)
                    break
            else:
                if time.monotonic() > until:
                    break
                self._watch.news.wait(1)
        return seen
