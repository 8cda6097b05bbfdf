"""What must always hold, checked with each line, request, photo and object: raises BrokenError."""

import calendar
import re
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from swarm.engine import SECOND
from swarm.store import Object

if TYPE_CHECKING:
    from swarm.world import World

_VALUES = re.compile(r'([\w-]+)=("[^"]*"|\S+)')
_KEY = re.compile(r"[\w-]+/(\d{4}/\d\d/\d\d/\d{6})-(\d{6,})\.jpg$")
#: Seconds by which the date of a photo may be wrong in addition to its clock-error-ms: the key has
#: whole seconds only, and the exposure comes after the trigger.
_DATE_TOLERANCE_S = 2
#: Joining a network alone may take 70 s.
_LATE_S = 180
#: Every line that the firmware is known to print, by its first words.
KNOWN = frozenset(
    line.strip()
    for line in """
    I app started; I boot; I clock set; I config checked; I deep sleep; I s3 stored
    I s3 corrected:; I spool dated; I spool kept; I spool on the card again; I wifi joined
    I wifi seen; W app memory low; W camera not ready; W clock jump refused; W clock not set
    W clock of the store unknown; W clock set by the store; W counters not kept; W restart
    W s3 failed; W s3 the store's ETags are not MD5s; W s3 If-None-Match is no longer sent
    W s3 bodies are now sent without waiting; W s3 switched to integrity; W sensor failed
    W sensor left out; W sequence not kept; W spool thinned; W status not put; W wifi failed
    E app cannot start; E app daily cap reached; E app photo lost; E app work failed
    E battery low; E boot failed; E camera setting refused; E config refused
    E counters not kept; E credentials unusable; E roots unusable; E s3 photo refused
    E s3 request failed; E s3 unreachable; E safe mode; E spool damaged; E spool on the flash
    E spool refused; E spool unusable; E wifi failed
    """.replace("\n", ";").split(";")
    if line.strip()
)


class BrokenError(Exception):
    """An invariant does not hold; `name` is the invariant."""

    def __init__(self, name: str, text: str):
        super().__init__(text)
        self.name = name


@dataclass
class Photo:
    """A photo that the board began to read, and what happened to it.

    `kept` is its name in the spool, `lost` the reason in the log, `cut` what ended the board.
    """

    exposed_us: int
    life: int
    kept: str = ""
    lost: str = ""
    cut: str = ""
    key: str = ""


class Ledger:
    """Follows camera, console and store. `photos` is {SHA-256: Photo}."""

    def __init__(self, world: "World"):
        self._world = world
        self._exposed: dict[str, int] = {}
        self._current: Photo | None = None
        # In deep sleep, an RC oscillator counts the seconds.
        is_sleepy = world.history.config["power"]["deep_sleep"]
        self._drift = 0.06 if is_sleepy else 0.0001
        self._numbers: dict[int, str] = {}
        self.photos: dict[str, Photo] = {}
        self.thinned = self.cuts = self.misses = 0
        self.last_attempt_us = 0
        self.is_capped_day = -1
        self.events: Counter[str] = Counter()

    def exposed(self, sha256: str, moment_us: int) -> None:
        """Note a frame of the camera; most are photos, the driver discards some."""
        self._exposed[sha256] = moment_us

    def reading(self, sha256: str) -> None:
        """Note that the board reads this frame as a photo."""
        if sha256 in self.photos:
            raise BrokenError("read twice", "the board reads one frame twice")
        self._current = Photo(self._exposed.pop(sha256), self._world.lives)
        self._exposed.clear()
        self.photos[sha256] = self._current
        self._note_attempt()

    def begin_life(self) -> None:
        """Note a start of the board."""
        self.last_attempt_us = self._world.engine.now_us

    def end_life(self, why: str) -> None:
        """Note the end of a start, which may lose the photo in progress."""
        self.cuts += why in ("power cut", "power off", "killed")
        if self._current:
            self._current.cut = why
        self._current = None

    # The console

    def line(self, text: str) -> None:
        """Judge a line of the console, and learn from it what happened to a photo."""
        if not any(text.startswith(known) for known in KNOWN):
            raise BrokenError("unknown line", text)
        if "emory" in text or "Traceback" in text:
            raise BrokenError("memory", text)
        check_secrets(self._world.secrets, "the log", text)
        words = text.replace(",", " ").split()
        self.events[" ".join(words[:3])] += 1
        values = {name: value.strip('"') for name, value in _VALUES.findall(text)}
        handler = getattr(self, "_on_" + "_".join(words[1:3]), None)
        if handler:
            handler(values)

    def _on_spool_kept(self, values: dict[str, str]) -> None:
        if self._current:
            self._current.kept = values["name"]
        self._current = None

    def _on_safe_mode(self, values: dict[str, str]) -> None:
        self.last_attempt_us = -1  # no photos until the next start

    def _note_attempt(self) -> None:
        now_us, world = self._world.engine.now_us, self._world
        gap_s = (now_us - self.last_attempt_us) / SECOND
        bound_s = world.history.config["interval_s"] + _LATE_S
        if self.last_attempt_us >= 0 and gap_s > bound_s and not world.setting.has_schedule:
            raise BrokenError("gap", f"{gap_s:.0f} s without a photo or a reason")
        self.last_attempt_us = now_us

    def _on_app_photo(self, values: dict[str, str]) -> None:
        self._note_attempt()
        if self._current:
            self._current.lost = values["why"]
        else:
            self.misses += 1
        self._current = None

    def _on_s3_stored(self, values: dict[str, str]) -> None:
        self._current = None

    def _on_spool_thinned(self, values: dict[str, str]) -> None:
        self.thinned += int(values["photos"])

    def _on_app_daily(self, values: dict[str, str]) -> None:
        self.is_capped_day = int(self._world.engine.utc()) // 86400

    # The store

    def stored(self, key: str, one: Object, before: Object | None) -> None:
        """Judge an object that has just been stored."""
        found = _KEY.match(key)
        if not found:
            raise BrokenError("key", f"{key} is not the key of a photo")
        if before and before.sha256 != one.sha256:
            raise BrokenError("object changed", f"{key} has other bytes than before")
        photo = self.photos.get(one.sha256)
        if not photo:
            raise BrokenError("damaged", f"{key} is not what the camera gave")
        if photo.key and photo.key != key:
            raise BrokenError("stored twice", f"{key} was stored as {photo.key} before")
        photo.key = key
        self._check_number(int(found[2]), key, one)
        at_s = calendar.timegm(time.strptime(found[1], "%Y/%m/%d/%H%M%S"))
        self._check_date(key, at_s, one, photo)

    def _check_number(self, number: int, key: str, one: Object) -> None:
        if self._numbers.setdefault(number, one.sha256) != one.sha256:
            raise BrokenError("number twice", f"another photo than {key} has its number")
        if str(number) != one.metadata.get("seq", ""):
            raise BrokenError("metadata", f"{key} has the seq {one.metadata.get('seq')}")

    def _check_date(self, key: str, at_s: int, one: Object, photo: Photo) -> None:
        error_s = at_s - (self._world.engine.begin_s + photo.exposed_us / SECOND)
        claimed = one.metadata.get("clock-error-ms", "0")
        if claimed == "unknown":
            # From a power cycle that never knew the time: the date is the latest possible one.
            early_s = _DATE_TOLERANCE_S + self._drift * photo.exposed_us / SECOND
            is_wrong = photo.kept[:1] == "9" and error_s < -early_s
        else:
            is_wrong = abs(error_s) > _DATE_TOLERANCE_S + int(claimed) / 1000
        if is_wrong:
            raise BrokenError(
                "date",
                f"{key} is {error_s:+.1f} s off and claims {claimed} ms; exposed at "
                f"{photo.exposed_us / SECOND:.0f} s, {photo.kept or 'sent live'}",
            )

    # The end

    def settle(self, waiting: set[str]) -> None:
        """Judge what became of every photo; `waiting` has the SHA-256 of those in the spool."""
        gone, out = [], 0  # given up, and no longer in the spool
        for sha256, photo in self.photos.items():
            out += bool(photo.kept) and sha256 not in waiting
            if photo.key or sha256 in waiting or photo.lost or photo.cut:
                continue
            if not photo.kept:
                raise BrokenError("vanished", f"no line and no object tells of {photo}")
            gone.append(photo)
        # One that is stored may have been thinned too, if the store's reply was lost.
        if self.thinned > out + self.cuts:
            raise BrokenError("thinned", f"{self.thinned} in the log, {out} have left the spool")
        if len(gone) > self.thinned + self.cuts + self._world.excused_photos:
            raise BrokenError("thinned", f"{len(gone)} are gone, the log has {self.thinned}")


def check_secrets(secrets: Iterable[str], where: str, text: str) -> None:
    """Raise BrokenError if a secret is in `text`."""
    for secret in secrets:
        if secret in text:
            raise BrokenError("secret", f"a secret is in {where}")
