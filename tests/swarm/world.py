"""The world of one history: time, servers, radio, power, camera and the person, and no thread.

outcome = world.run(history)
outcome.broken          # None, or (invariant, text)
"""

import hashlib
import random
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from swarm import board, happenings, setting
from swarm.board import Board
from swarm.camera import Camera
from swarm.card import Card
from swarm.chip import Chip
from swarm.engine import SECOND, Engine
from swarm.history import HARMLESS, LASTING, Fault, History
from swarm.ledger import BrokenError, Ledger, check_secrets
from swarm.link import HungError, Link
from swarm.liveness import Liveness
from swarm.network import Certificate, Network
from swarm.store import Object, Store
from swarm.updates import Updates
from swarm.visitors import Visitors

_BOOT_US = 700_000
_MOST_STARTS = 40_000
_QUICK_STARTS = 60
_FLASH_WRITES_A_SHOT = 300
_MOST_SOCKETS = 4
# Names of seldom loaded modules stay in memory.
_HEAP_GROWTH, _HEAP_SAMPLES = 16_000, 30
_KEPT_LINES = 60
_DIGITS = 12  # of a log's SHA-256: enough to tell two logs apart


@dataclass
class Outcome:
    """What came of a history: `broken` is None or (invariant, text); `log` has every line.

    `fingerprint` is the SHA-256 of the whole log, shortened to 12 hex digits, also when `log` has
    only its end.
    """

    history: History
    broken: tuple[str, str] | None
    log: list[str]
    figures: dict[str, float]
    fingerprint: str


class _EnoughError(Exception):
    """The board has asked as many questions as it was given."""


def run(
    history: History, is_logging: bool = True, mutation: str = "", questions: int = 1 << 60
) -> Outcome:
    """Live through a history until it is over or an invariant is broken.

    `mutation` is the name of a mistake to plant in the firmware, see mutations.py. After that many
    `questions` of the board the history ends early, without a judgement of what is left.
    """
    with tempfile.TemporaryDirectory(prefix="megacam-swarm-", dir=_memory()) as folder:
        world = World(history, Path(folder), is_logging, mutation)
        world.most_questions = questions
        broken = None
        try:
            world.live()
        except _EnoughError:
            world.note("enough questions")
        except BrokenError as e:
            broken = e.name, str(e)
        except HungError as e:
            broken = "hung", str(e)
        finally:
            figures = world.figures()
            world.board.close()
        if broken:
            world.note(f"BROKEN {broken[0]}: {broken[1]}")
        fingerprint = world.digest.hexdigest()[:_DIGITS]
        return Outcome(history, broken, world.log, figures, fingerprint)


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


class World:
    """Everything around one board. `fault(kind)` tells what is wrong right now."""

    def __init__(self, history: History, folder: Path, is_logging: bool, mutation: str):
        self.history = history
        self.mutation = mutation
        self.engine = Engine(history.begin_s)
        self.log: list[str] = []
        self.digest = hashlib.sha256()  # of the log
        self._is_logging = is_logging
        self.entropy = random.Random(f"entropy {history.seed}")
        self.secrets: set[str] = set()
        self.portal = Certificate(("login.example",), 1, 0, 1 << 40)
        self.lives = 0
        self.excused_photos = 0
        #: How often something has happened that may disturb the board.
        self.troubles = 0
        self._active: dict[str, Fault] = {}
        self._places: dict[str, list[tuple[int, Callable[[], None]]]] = {}
        self._link: Link | None = None
        self._off_us = 0
        self.off_until_us = 0
        self._heaps: list[int] = []
        self._at_rest: list[Callable[[], None]] = []
        self.refusals: Counter[str] = Counter()
        self.questions = self.handshakes = 0
        self.most_questions = 1 << 60
        self._build(folder)
        self.liveness = Liveness(self)
        happenings.schedule(self)

    def _build(self, folder: Path) -> None:
        history = self.history
        self.ledger = Ledger(self)
        self.camera = Camera(
            self.engine,
            history.world["camera"],
            history.seed,
            tuple(history.world["sizes"]),
            self._exposed,
            self.ledger.reading,
            lambda: self.visitors.is_here,
        )
        self.card = Card(bool(history.world["card"]))
        self.chip = Chip(folder, self.engine, self.card, history.world["sleep_ppm"])
        self.visitors = Visitors(self)
        self.network = Network(self, history.world["delay_ms"] * 1000)
        self.stores: list[Store] = []
        self.setting = setting.Setting(self)
        self.updates = Updates(self)
        self.board = Board(folder, self.setting.files(), self.setting.card_bytes())
        self.card.on_change = self.board.note_card
        self.setting.furnish()
        self.visitors.furnish()
        self.updates.furnish()

    def _exposed(self, sha256: str, moment_us: int) -> None:
        self.ledger.exposed(sha256, moment_us)
        self.visitors.exposed()

    # Faults

    def is_on(self, kind: str) -> bool:
        """Return whether that fault is active."""
        return kind in self._active

    def fault(self, kind: str) -> Fault | None:
        """Return the active fault of that kind, or None."""
        return self._active.get(kind)

    def is_well(self) -> bool:
        """Return whether nothing is wrong that keeps photos from the store."""
        return self.engine.now_us >= self.off_until_us and not any(
            kind not in HARMLESS for kind in self._active if kind in LASTING
        )

    def begin(self, fault: Fault) -> None:
        """Begin a lasting fault."""
        self._active[fault.kind] = fault
        self.note(f"begins: {fault.kind} {fault.detail}")
        self._changed(fault.kind)

    def cease(self, fault: Fault) -> None:
        """End a lasting fault."""
        if self._active.get(fault.kind) is fault:
            del self._active[fault.kind]
            self.note(f"ends: {fault.kind}")
            self._changed(fault.kind)

    def _changed(self, kind: str) -> None:
        self.troubles += kind != "visitor"
        if kind not in HARMLESS:
            self.liveness.changed()

    def is_untroubled(self) -> bool:
        """Return whether nothing at all is wrong, and photos have been stored for a while."""
        return self.liveness.is_settled() and all(kind == "visitor" for kind in self._active)

    def is_awake(self) -> bool:
        """Return whether the board runs."""
        return self._link is not None

    def arm(self, place: str, count: int, action: Callable[[], None]) -> None:
        """Call `action` at the `count`th event of that place from now."""
        self._places.setdefault(place, []).append((count, action))

    def place(self, name: str) -> None:
        """Note an event of that place."""
        armed = self._places.get(name)
        if armed:
            count, action = armed[0]
            if count > 1:
                armed[0] = count - 1, action
            else:
                armed.pop(0)
                action()

    # The board's life

    def end(self, why: str, off_us: int = 0) -> None:
        """Stop the board; after a loss of power it stays off for `off_us`."""
        self.note(f"board: {why}")
        self.troubles += 1
        if off_us:
            self.off_until_us = max(self.off_until_us, self.engine.now_us + off_us)
        if self._link:
            self._link.end(why)
        elif off_us:
            self._off_us = off_us  # asleep or starting
        self.liveness.changed()

    def at_rest(self, action: Callable[[], None]) -> None:
        """Call `action` before the next start of the board."""
        self._at_rest.append(action)

    def has_ended(self) -> bool:
        """Return whether the board's start is over."""
        return self._link is not None and bool(self._link.ended)

    def live(self) -> None:
        """Live until the history is over."""
        quick = 0
        while not self.liveness.is_over:
            self.lives += 1
            while self._at_rest:
                self._at_rest.pop(0)()
            self.chip.seed(self.entropy.getrandbits(31))
            self.ledger.begin_life()
            self._heaps.clear()
            pipe, console = self.board.start(self.chip.rtc_us)
            began_us, cause = self.engine.now_us, self.chip.cause
            self._link = Link(self, pipe, console, self.history.world["ppm"])
            ended = self._link.live()
            lived_us, self._link = self._link.board_us, None
            self.ledger.end_life(ended)
            self.network.reset()
            self.camera.release()
            self.note(f"start {self.lives} ended: {ended}")
            if ended == "over":
                break
            quick = quick + 1 if self.engine.now_us - began_us < 2 * SECOND else 0
            may_hang = self.setting.may_hang(cause) or self.updates.may_hang()
            if ended == "watchdog" and not may_hang:
                raise BrokenError("watchdog", f"it ended start {self.lives}")
            if ended == "exit" or self.lives > _MOST_STARTS or quick > _QUICK_STARTS:
                raise BrokenError("start", f"start {self.lives} ended with {ended}")
            self._restart(ended, lived_us)
        self._settle()

    def _restart(self, ended: str, lived_us: int) -> None:
        pause_us = _BOOT_US
        if ended in ("power cut", "power off"):
            pause_us += max(self.off_until_us - self.engine.now_us, SECOND)
            self._power_on()
            self.engine.run_until(self.engine.now_us + pause_us)
            return
        self.chip.reset(lived_us + _BOOT_US)
        if ended == "killed":
            self.chip.cause = 3
        elif ended == "usb":
            self.chip.cause = 2
        elif ended == "deep sleep":
            pause_us += self.chip.sleep_us
        self._sleep(pause_us)
        self.chip.wake_level = None

    def _sleep(self, us: int) -> None:
        end_us = self.engine.now_us + us
        while self.engine.next_us() <= end_us and not self.liveness.is_over:
            self.engine.step()
            left_us = end_us - _BOOT_US - self.engine.now_us
            if self.chip.is_woken() and left_us > 0:
                self.chip.sleep_less(left_us)
                end_us -= left_us
            if self._off_us:
                self._power_on()
                self.engine.run_until(self.engine.now_us + self._off_us)
                self._off_us = 0
                return
        self.engine.run_until(end_us)

    def _power_on(self) -> None:
        self.board.cut_after(0, 0)
        self.chip.power_on()
        self.camera.power_on()
        self.liveness.changed()

    # What is seen

    def note(self, text: str) -> None:
        """Write a line into the log."""
        line = f"{self.engine.now_us / SECOND:.6f} {text}"
        self.log.append(line)
        self.digest.update(f"{line}\n".encode())
        if not self._is_logging:
            del self.log[:-_KEPT_LINES]

    def heard(self, text: str) -> None:
        """Take a line of the board's console."""
        self.note(text)
        self.ledger.line(text)
        self.place("line")

    def asked(self, op: int) -> None:
        """Take note of a question."""
        self.questions += 1
        if self.questions > self.most_questions:
            raise _EnoughError
        if self._places:
            self.place("spi" if op == 83 else "world")

    def wrong(self, text: str) -> None:
        """A request is one that no correct client sends."""
        raise BrokenError("request", text)

    def note_request(self, head: str) -> None:
        """Judge the head of a request."""
        check_secrets(self.secrets, "a request", head)

    def note_refusal(self, code: str) -> None:
        """Count a refusal."""
        self.refusals[code] += 1
        self.note(f"store: {code}")

    def note_handshake(self, host: str, verify_mode: int) -> None:
        """Judge the client's side of a handshake."""
        self.handshakes += 1
        if verify_mode != 2 or not host:
            raise BrokenError("tls", f"the certificate of {host} is not verified")
        if self.network.open_sockets > _MOST_SOCKETS:
            raise BrokenError("sockets", f"{self.network.open_sockets} sockets are open")

    def note_heap(self, used: int) -> None:
        """Take the heap in use, which is no part of the history."""
        self._heaps.append(used)
        quarter = len(self._heaps) // 4
        if quarter >= _HEAP_SAMPLES:
            grown = min(self._heaps[-quarter:]) - min(self._heaps[:quarter])
            if grown > _HEAP_GROWTH:
                raise BrokenError("heap", f"{grown} bytes more are in use than at first")

    def stored(
        self, store: Store, key: str, one: Object, before: Object | None, body: bytes
    ) -> None:
        """Judge what a store has just stored."""
        self.note(f"store: {key} {one.size} bytes")
        told = " ".join(f"{name}={value}" for name, value in one.metadata.items())
        if one.metadata.get("origin") == "live" and not self.setting.is_in_window(one.metadata):
            raise BrokenError("schedule", f"{key} was taken outside of the schedule")
        if key.endswith("/status.json"):
            check_secrets(self.secrets, "status.json", body.decode())
            self.setting.check_report(body)
            return
        check_secrets(self.secrets, "the metadata", told)
        self.ledger.stored(key, one, before)
        self.setting.check_reading(one.metadata)
        self.liveness.stored()

    # The end

    def waiting(self) -> set[str]:
        """Return the SHA-256 of each photo that waits in the spool."""
        return board.waiting(self.board.read_flash()) | self.setting.waiting_on_cards()

    def is_capped(self) -> bool:
        """Return whether the board may have used up what it may send today."""
        cap = self.history.config.get("cap")
        day = int(self.engine.utc()) // 86400
        is_told = self.ledger.is_capped_day == day
        # Requests that the servers never saw count as well.
        return bool(cap) and is_told and self.network.tries.get(day, 0) >= cap["requests"] // 4

    def _settle(self) -> None:
        files = self.board.read_flash()
        for name, content in files.items():
            check_secrets(self.secrets, name, content.decode("latin-1"))
        self.ledger.settle(self.waiting())
        violations = self.camera.violations + self.camera.model.violations
        if violations:
            raise BrokenError("camera", violations[0])
        self.updates.settle(files)
        writes = self.board.writes[0] - self.updates.writes
        shots = len(self.ledger.photos) + self.lives
        # The counters are saved once an hour.
        if writes > _FLASH_WRITES_A_SHOT * (shots + self.engine.now_s // 3600):
            raise BrokenError("wear", f"{writes} writes to the flash for {shots} photos")

    def figures(self) -> dict[str, float]:
        """Return the run's figures."""
        return {
            "days": round(self.engine.now_s / 86400, 3),
            "photos": len(self.ledger.photos),
            "stored": sum(bool(photo.key) for photo in self.ledger.photos.values()),
            "starts": self.lives,
            "questions": self.questions,
            "writes": self.board.writes[0],
            "recovery_s": round(self.liveness.longest_s),
        }
