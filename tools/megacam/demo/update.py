"""The demo of updates: a release changes the firmware of the running board, and a broken one goes.

The board's side is the real one: the release is signed, fetched from the bucket, verified, tried
in the other slot, and kept or not.
"""

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

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
_BROKEN = "raise ValueError('this release is broken')\n"
# The lines of the board's console, in this order.
_GOOD = ("I update begins", "I update switches", "version=9.0.0", "I update kept")
_BACK = ("I update switches", *["E boot cannot start"] * 3, "I app started", "I s3 stored")


@dataclass(frozen=True)
class Row:
    """One line of the table: what was offered, and the lines with which the board took it."""

    release: str
    lines: tuple[str, ...]
    is_right: bool


class Owner:
    """Signs releases with a key of its own and offers them to the board of the demo."""

    def __init__(self, store: Store, folder: Path):
        self._store = store
        self._keys = KeyFolder(folder)
        self._keys.make("current", _PASSPHRASE)
        self._counter = 0

    def provision(self, board: Board) -> None:
        """Let the board trust this owner's key."""
        modulus = self._keys.modulus("current")
        board.exec(
            f"from firmware import credentials as c\nc.save_der('update_current', {modulus!r})\n"
        )

    def offer(self, version: str, more: Mapping[str, str]) -> None:
        """Offer the firmware as `version`, with `more` {module: source} in place of its own."""
        package = (tree.root() / "firmware" / "__init__.py").read_text(encoding="utf-8")
        old = f'{_VERSION} "{settings.firmware_version()}"'
        built = tree.build({"firmware": package.replace(old, f'{_VERSION} "{version}"'), **more})
        files = {where: one for path, one in built.items() if (where := contents.slot_path(path))}
        found = contents.Content(
            version, contents.BOARD, contents.mpy_version(), files, ("config.json", "roots")
        )
        self._counter += 1
        now = int(time.time())
        text = found.manifest(
            counter=self._counter,
            devices=(run.DEVICE,),
            not_before=now - _DAY_S,
            expires=now + _DAY_S,
        ).text()
        sign = signers.signer(self._keys, "current", lambda: _PASSPHRASE)
        s3 = self._store.client("s3")
        for digest, one in {**found.objects, "release": sign(text) + text}.items():
            s3.put_object(Bucket=run.BUCKET, Key=name(run.DEVICE, digest), Body=one)


class Updates:
    """The scenario of `megacam demo --update`; `rows` has what came of each release."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="megacam-demo-keys-")
        self.rows: list[Row] = []
        self.versions = (settings.firmware_version(), "9.0.0")

    def prepare(self, board: Board, store: Store) -> None:
        """Let the board trust a new key."""
        self._owner = Owner(store, Path(self._folder.name))
        self._owner.provision(board)

    def play(self, watch: run.Watch, say: Callable[[str], None]) -> None:
        """Offer a good release, then one that breaks at its start."""
        for what, version, more, wanted in (
            ("a good release", self.versions[1], {}, _GOOD),
            ("a release that breaks at its start", "9.1.0", {"firmware.app": _BROKEN}, _BACK),
        ):
            say(f"offering {what} ({version}), signed, in the bucket")
            self._owner.offer(version, more)
            self.rows.append(_wait(watch, f"{version}, {what}", wanted))


def _wait(watch: run.Watch, release: str, wanted: tuple[str, ...]) -> Row:
    """Return what the board says from now on, up to the last of the lines `wanted`."""
    until = time.monotonic() + _TIMEOUT_S
    seen: list[str] = []
    at = len(watch.lines)
    while len(seen) < len(wanted) and time.monotonic() < until:
        watch.news.clear()
        for line in watch.lines[at:]:
            if len(seen) < len(wanted) and wanted[len(seen)] in line:
                seen.append(line)
        at = len(watch.lines)
        watch.news.wait(1)
    return Row(release, tuple(seen), len(seen) == len(wanted))
