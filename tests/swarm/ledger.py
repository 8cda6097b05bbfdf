"""What must always hold, checked with each line, request, photo and object: raises BrokenError."""

import calendar
import re
import time
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from megacam.doctor.log_lines import LOG_LINES

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
#: How often in an hour a settled board may ask the store for the time; once is usual.
_MOST_ASKS = 4
#: How often a photo that is stored may be put again while nothing is wrong: its reply was lost.
_MOST_AGAIN = 3
#: What the board's lines may begin with: of warnings and errors those that the docs explain.
KNOWN = (
    *("I app started", "I boot", "I clock set", "I config checked", "I deep sleep"),
    *("I s3 corrected:", "I s3 stored", "I spool dated", "I spool kept", "I update"),
    *(
        "I spool on the card again",
        "I trigger held",
        "I trigger unarmed",
        "I wifi joined",
        "I wifi seen",
    ),
    *(line[0] for line in LOG_LINES),
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
        self._is_sleepy = world.history.config["power"]["deep_sleep"]
        self._drift = 0.06 if self._is_sleepy else 0.0001
        lies = [f.detail for f in world.history.faults if f.kind == "ntp-lies"]
        self._lie_s = max((abs(int(detail)) for detail in lies), default=0)
        self._numbers: dict[int, str] = {}
        self._live: set[int] = set()
        # In this start: the number of the last photo that is known, and the losses since then.
        self._last: int | None = None
        self._losses = 0
        self._asks: deque[int] = deque()
        self._again: Counter[str] = Counter()
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
        self._last, self._losses = None, 0
        self._exposed.clear()
        self._asks.clear()

    def end_life(self, why: str) -> None:
        """Note the end of a start, which may lose the photo in progress."""
        self.cuts += why in ("power cut", "power off", "killed")
        # A board that sleeps between photos has hardly any other photo to compare numbers with.
        if why == "deep sleep" and self._exposed and self._last is None and not self._losses:
            raise BrokenError(
                "dropped", "a photo was exposed, and no line tells what became of it"
            )
        if self._current:
            self._current.cut = why
        self._current = None

    # The console

    def line(self, text: str) -> None:
        """Judge a line of the console, and learn from it what happened to a photo."""
        if self._world.updates.is_excused(text):
            return
        if not text.startswith(KNOWN):
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

    def _note_number(self, number: int) -> None:
        # Each photo that is taken has the next number.
        if self._last is not None and number - self._last > 1 + self._losses:
            raise BrokenError("dropped", f"no line tells of the photos before number {number}")
        self._last, self._losses = number, 0

    def _on_sequence_not(self, values: dict[str, str]) -> None:
        self._losses = 1 << 30  # numbers may be skipped now

    def _on_spool_kept(self, values: dict[str, str]) -> None:
        self._note_number(int(values["name"].rpartition("-")[2]))
        if self._current:
            self._current.kept = values["name"]
        self._current = None

    def _on_safe_mode(self, values: dict[str, str]) -> None:
        self.last_attempt_us = -1  # no photos until the next start

    def _note_attempt(self) -> None:
        now_us, world = self._world.engine.now_us, self._world
        gap_s = (now_us - self.last_attempt_us) / SECOND
        bound_s = world.setting.shot_s + _LATE_S
        if self.last_attempt_us >= 0 and gap_s > bound_s and not world.setting.has_schedule:
            raise BrokenError("gap", f"{gap_s:.0f} s without a photo or a reason")
        self.last_attempt_us = now_us

    def _on_app_photo(self, values: dict[str, str]) -> None:
        self._note_attempt()
        self._losses += 1
        if self._current:
            self._current.lost = values["why"]
        else:
            self.misses += 1
        self._current = None

    def _on_s3_stored(self, values: dict[str, str]) -> None:
        self._current = None
        found = _KEY.search(values["key"])
        if found and int(found[2]) in self._live:
            self._note_number(int(found[2]))

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
        if photo.key:
            self.stored_again(key)
        photo.key = key
        if one.metadata.get("origin") == "live":
            self._live.add(int(found[2]))
        self._check_number(int(found[2]), key, one)
        at_s = calendar.timegm(time.strptime(found[1], "%Y/%m/%d/%H%M%S"))
        self._check_date(key, at_s, one, photo)

    def stored_again(self, key: str) -> None:
        """Judge a put of a photo that is stored already."""
        self._again[key] += self._world.is_untroubled()
        if self._again[key] > _MOST_AGAIN:
            raise BrokenError("again", f"{key} is stored, and is put again and again")

    def asked_for_the_time(self) -> None:
        """Judge how often the board asks the store for the time, which is a request each."""
        now_us = self._world.engine.now_us
        self._asks.append(now_us)
        while self._asks[0] < now_us - 3600 * SECOND:
            self._asks.popleft()
        if not self._world.is_untroubled():
            self._asks.clear()
        elif len(self._asks) > _MOST_ASKS and not self._is_sleepy:
            raise BrokenError("asks", f"the store was asked for the time {len(self._asks)} times")

    def _check_number(self, number: int, key: str, one: Object) -> None:
        if self._numbers.setdefault(number, one.sha256) != one.sha256:
            raise BrokenError("number twice", f"another photo than {key} has its number")
        if str(number) != one.metadata.get("seq", ""):
            raise BrokenError("metadata", f"{key} has the seq {one.metadata.get('seq')}")

    def _check_date(self, key: str, at_s: int, one: Object, photo: Photo) -> None:
        error_s = at_s - (self._world.engine.begin_s + photo.exposed_us / SECOND)
        claimed = one.metadata.get("clock-error-ms", "0")
        if claimed == "unknown":
            # From a power cycle that was never sure of the time: the date is the latest possible
            # one, or that of a time server, which may have lied.
            early_s = self._lie_s + _DATE_TOLERANCE_S + self._drift * photo.exposed_us / SECOND
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
