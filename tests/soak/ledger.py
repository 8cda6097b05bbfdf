"""The ledger of a simulated month: what happened to every photo, by the board's own log.

A photo is identified by the SHA-256 of the camera model's bytes. It counts once the board has read
more of it than the header that the driver checks.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from soak.truth import Truth

_VALUES = re.compile(r'([\w-]+)=("[^"]*"|\S+)')
_KEPT_LINES = 50
_HOPELESS = 40  # starts


@dataclass
class Photo:
    """A photo that the board began to read, and what happened to it as far as the log tells.

    `kept` is its name in the spool, `lost` the reason in the log, `cut` what ended the board.
    """

    sha256: str
    exposed_us: int
    life: int
    kept: str = ""
    lost: str = ""
    cut: str = ""


@dataclass
class Life:
    """A start of the board: what ended it, and samples of its number of open descriptors."""

    end: str = ""
    descriptors: list[int] = field(default_factory=list)


class Ledger:
    """Follows the camera by `exposed` and `reading`, and the console by `line`.

    `photos` is {SHA-256: Photo}, `misses` counts shots without a photo by reason, and `events`
    counts the lines of the log by their first words. No line may contain one of `secrets`.
    """

    def __init__(self, truth: Truth, secrets: Sequence[str] = ()):
        self._truth = truth
        self._secrets = secrets
        self._exposed: dict[str, int] = {}
        self._current: Photo | None = None
        self._attempt_s = 0.0
        self.photos: dict[str, Photo] = {}
        self.lives: list[Life] = []
        self.misses: Counter[str] = Counter()
        self.events: Counter[str] = Counter()
        self.thinned = self.drained = self.longest_gap_s = 0
        self.last_lines: list[str] = []
        #: Lines that a healthy board never prints: tracebacks, lack of memory, secrets.
        self.bad_lines: list[str] = []

    def begin_life(self) -> None:
        """Note a start of the board."""
        self.lives.append(Life())
        self._attempt_s = 0

    def end_life(self, why: str) -> None:
        """Note the end of the start, which may lose the photo in progress."""
        self.lives[-1].end = why
        if self._current:
            self._current.cut = why
            self._current = None

    def is_hopeless(self) -> bool:
        """Return whether the board has restarted too many times without taking a photo."""
        last = next(reversed(self.photos.values())).life if self.photos else 0
        return len(self.lives) - last > _HOPELESS

    def exposed(self, sha256: str, moment_us: int) -> None:
        """Note a frame of the camera; most are photos, the driver discards some."""
        self._exposed[sha256] = moment_us

    def reading(self, sha256: str) -> None:
        """Note that the board reads this frame as a photo."""
        if sha256 in self.photos:
            return
        exposed_us = self._exposed.pop(sha256)
        self._exposed.clear()
        self._current = Photo(sha256, exposed_us, len(self.lives) - 1)
        self.photos[sha256] = self._current
        self._note_attempt()

    def _note_attempt(self) -> None:
        now_s = self._truth.now_s
        if self._attempt_s:
            self.longest_gap_s = max(self.longest_gap_s, int(now_s - self._attempt_s))
        self._attempt_s = now_s

    def line(self, text: str) -> str:
        """Process a line of the console; return it with the time and the number of the start."""
        told = f"{self._truth.now_s:.0f} s, start {len(self.lives) - 1}: {text}"
        self.last_lines.append(told)
        del self.last_lines[:-_KEPT_LINES]
        words = text.replace(",", " ").split()
        is_log = bool(words) and words[0] in ("I", "W", "E")
        self.events[" ".join(words[:3]) if is_log else "not of the log"] += 1
        if not is_log or "emory" in text or any(secret in text for secret in self._secrets):
            self.bad_lines.append(told)
        values = {name: value.strip('"') for name, value in _VALUES.findall(text)}
        handler = getattr(self, "_on_" + "_".join(words[1:3]), None)
        if handler:
            handler(values)
        return told

    def _on_s3_stored(self, values: dict[str, str]) -> None:
        # If no photo is in progress, the stored one comes from the spool.
        self.drained += self._current is None
        self._current = None

    def _on_spool_kept(self, values: dict[str, str]) -> None:
        if self._current:
            self._current.kept = values["name"]
        self._current = None

    def _on_app_photo(self, values: dict[str, str]) -> None:
        self._note_attempt()
        why = re.sub(r"\d+", "N", values["why"])[:90]
        if self._current:
            self._current.lost = why
        else:
            self.misses[why] += 1
        self._current = None

    def _on_safe_mode(self, _: dict[str, str]) -> None:
        self._attempt_s = 0  # the log has the reason for the gap that follows

    def _on_spool_thinned(self, values: dict[str, str]) -> None:
        self.thinned += int(values["photos"])
