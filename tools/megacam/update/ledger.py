"""What was released from this computer: one file for each counter, releases/COUNTER.json.

settings/HASH.json are the settings that were sent, by the hash with which cameras report them. A
counter is taken by making its file, so that two pushes at once never sign the same one.
"""

import dataclasses
import hashlib
import json
import re
from pathlib import Path
from typing import Any

from megacam.errors import MegacamError
from megacam.update.keys import KeyFolder
from megacam.update.watch import Sample

_TRIES = 100


@dataclasses.dataclass(frozen=True)
class Entry:
    """One release: where it went, when (UTC seconds since 1970), and how the cameras were then.

    `widened`: when it last went to more cameras.
    """

    counter: int
    bucket: str
    at: int
    percent: int
    devices: dict[str, Sample]
    halted: bool = False
    widened: int = 0


class Ledger:
    """The releases of a key folder. Methods raise MegacamError."""

    def __init__(self, folder: KeyFolder):
        self._folder = folder
        self._path = folder.path / "releases"

    def highest(self) -> int:
        """Return the highest counter that was taken, or 0."""
        return max((number for number, _ in self._files()), default=0)

    def take(self, least: int) -> int:
        """Return a counter that is at least `least` and was never taken, and take it."""
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for counter in range(max(least, self.highest() + 1), least + self.highest() + _TRIES):
            try:
                self._folder.write(f"releases/{counter}.json", b"{}")
            except MegacamError:
                if not (self._path / f"{counter}.json").exists():
                    raise
                continue  # another push was faster
            return counter
        raise MegacamError(f"no counter is free in {self._path}; look at the files there")

    def save(self, entry: Entry) -> None:
        """Write what became of a counter that take() returned."""
        path = self._path / f"{entry.counter}.json"
        new = path.with_suffix(".new")
        new.unlink(missing_ok=True)
        self._folder.write(f"releases/{new.name}", json.dumps(dataclasses.asdict(entry)).encode())
        new.replace(path)

    def remember(self, config: bytes) -> None:
        """Keep a config.json that is sent to a camera."""
        name = f"settings/{report_hash(config)}.json"
        if not (self._folder.path / name).exists():
            (self._folder.path / "settings").mkdir(mode=0o700, parents=True, exist_ok=True)
            self._folder.write(name, config)

    def recall(self, reported: str) -> bytes | None:
        """Return the config.json that a camera reports, or None if it was not sent from here."""
        path = self._folder.path / "settings" / f"{reported}.json"
        is_hash = re.fullmatch(r"[0-9a-f]{8}", reported)
        found = path.read_bytes() if is_hash and path.exists() else b""
        return found if report_hash(found) == reported else None

    def find(self, counter: int) -> Entry | None:
        """Return the release with this counter, or None if it was not pushed from here."""
        path = self._path / f"{counter}.json"
        return _entry(counter, path) if path.exists() else None

    def newest(self, bucket: str) -> Entry | None:
        """Return the newest release that was pushed to `bucket`, or None."""
        found = sorted(self._files(), reverse=True)
        entries = (_entry(counter, path) for counter, path in found)
        return next((one for one in entries if one and one.bucket == bucket), None)

    def _files(self) -> list[tuple[int, Path]]:
        if not self._path.is_dir():
            return []
        return [
            (int(path.stem), path)
            for path in self._path.iterdir()
            if re.fullmatch(r"\d+\.json", path.name, re.ASCII)
        ]


def report_hash(config: bytes) -> str:
    """Return what status.json says of these settings: see firmware/health/report_hash.py."""
    return hashlib.sha256(config).hexdigest()[:8]


def _entry(counter: int, path: Path) -> Entry | None:
    """Return an entry, or None for a counter that was taken by a push that then failed."""
    try:
        raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if not raw:
            return None
        devices = {
            name: Sample(**{**one, "fetching": tuple(one["fetching"])})
            for name, one in raw.pop("devices").items()
        }
        return Entry(**{**raw, "counter": counter, "devices": devices})
    except (OSError, ValueError, TypeError, LookupError):
        raise MegacamError(f"{path} is damaged; move it away, but keep its name free") from None
