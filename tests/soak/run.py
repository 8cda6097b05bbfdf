"""Run a plan: board, servers and camera in one event loop until the month is over."""

import asyncio
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TextIO

from megacam import settings
from megacam.board import tree
from megacam.demo import run as demo
from megacam.sim import flash
from megacam.sim.board import Board

from soak import report, time_servers
from soak.board import WIFI, SoakBoard
from soak.ledger import Ledger
from soak.photos import SIZE, Photos
from soak.plan import DAY, Fault, Plan
from soak.store import BUCKET, DEVICE, HOST, KEY_ID, REGION, SECRET, Store
from soak.time_servers import TimeServers
from soak.truth import Truth

_HEAD_BYTES = 192  # of every frame; the driver reads them to check it
_LAST_SHOTS = 20  # after the last fault
_RECOVERY_S = 2 * 3600  # the longest time to wait for them
_SAMPLE_SHOTS = 100  # between two samples of the descriptors
#: Seconds between two photos, unless a run is given others.
INTERVAL_S = 30
_SPOOL_KB = 200  # fifty photos; listing more would dominate the run's time
_MOST_STARTS = 100_000


def run(
    plan: Plan,
    heap: str,
    say: Callable[[str], None] = lambda text: None,
    log: TextIO | None = None,
    interval_s: int = INTERVAL_S,
) -> report.Report:
    """Run `plan` with a heap of that size and a photo each `interval_s`.

    The console is written to `log`; `say` is called once a day.
    """
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="megacam-soak-") as folder:
        month = Month(plan, Path(folder), heap, say, log, interval_s)
        asyncio.run(month.run())
        return report.settle(month, time.monotonic() - started)


class Month:
    """A run: its parts, and when each fault happens to them."""

    #: Files of the board besides the firmware, or in place of its own: {path: content}.
    more: Mapping[str, bytes] = {}

    def __init__(
        self,
        plan: Plan,
        folder: Path,
        heap: str,
        say: Callable[[str], None],
        log: TextIO | None,
        interval_s: int = INTERVAL_S,
    ):
        self.plan = plan
        self.truth = Truth()
        self.secrets = (SECRET, WIFI["password"])
        self.ledger = Ledger(self.truth, self.secrets)
        self.store = Store(self.truth, plan, self._on_event)
        self.times = TimeServers(self.truth, plan)
        #: The files on the flash at the end of the run.
        self.image: dict[str, bytes] = {}
        #: Whether photos were stored after the last fault had ended.
        self.has_recovered = False
        self.heap = heap
        self._folder, self._say, self._log = folder, say, log
        self._interval_s = interval_s
        self._armed: list[Fault] = []
        self._events_left = self._off_s = self._day = 0
        self._last_shots = _LAST_SHOTS
        self._stored = 0

    async def run(self) -> None:
        """Run the board until the month is over."""
        self._make_flash()
        photos = Photos(self.plan.seed, self.ledger.exposed)
        with SoakBoard(self._folder, self.truth, photos, self.heap) as board:
            self._board = board
            board.on_line, board.on_event = self._on_line, self._on_event
            board.live_in(self.plan, self.store, self.times, await self._start_servers())
            try:
                await self._live()
            finally:
                await self.store.stop()
                self.times.stop()
        self.image = flash.read_image(board.image)

    def _make_flash(self) -> None:
        config, _ = settings.check(
            {
                "device": DEVICE,
                "interval_s": self._interval_s,
                "s3": {"bucket": BUCKET, "region": REGION},
                "spool": {"limit_kb": _SPOOL_KB},
                "camera": {"resolution": "{}x{}".format(*SIZE)},
            }
        )
        files = {**tree.build(), "roots/soak.der": self.store.root_der, "config.json": config}
        with Board(self._folder, tree.placed({**files, **self.more})) as board:
            network = {"ssid": WIFI["ssid"], "password": WIFI["password"]}
            demo.provision(board, network, KEY_ID, SECRET)

    async def _start_servers(self) -> dict[str, int]:
        store = await self.store.start()
        ntp, http = await self.times.start()
        return {
            HOST: store,
            **dict.fromkeys(time_servers.NTP_HOSTS, ntp),
            **dict.fromkeys(time_servers.HTTP_HOSTS, http),
        }

    async def _live(self) -> None:
        self._board.power_on()
        for number in range(_MOST_STARTS):
            self.ledger.begin_life()
            ended = await self._board.run_life(self.plan.writes_of_life(number))
            self.ledger.end_life(str(ended))
            if ended == "end" or self.ledger.is_hopeless():
                return
            self._restart(number, ended)

    def _restart(self, number: int, ended: int | str) -> None:
        board = self._board
        cause = board.cause_after(ended)
        if cause:
            self.truth.restart()
            board.world.reset()
            board.world.cause = cause
        else:
            self.truth.restart(self._off_s or self.plan.off_after_life(number))
            self._off_s = 0
            board.power_on()

    def _on_line(self, text: str) -> None:
        told = self.ledger.line(text)
        if self._log:
            self._log.write(told + "\n")
        if text.startswith("I s3 stored"):
            self._on_stored()
        self._on_event("line")

    def _on_stored(self) -> None:
        life = self.ledger.lives[-1]
        self._stored += 1
        if self._stored % _SAMPLE_SHOTS == 0 or not life.descriptors:
            life.descriptors.append(self._board.descriptors())
        if self.truth.now_s > self.plan.span_s:
            self._last_shots -= 1
            if not self._last_shots:
                self.has_recovered = True
                self._board.kill("end")

    def _on_event(self, place: str) -> None:
        now_s = self.truth.now_s
        if now_s > self.plan.span_s + _RECOVERY_S:
            self._board.kill("end")
        for fault in self.plan.due(now_s):
            self._begin(fault)
        self._board.is_camera_dead(self.plan.active("camera-dead", now_s) is not None)
        if place == "spi":
            frames = self._board.model.frames
            if frames and frames[-1].read_bytes > _HEAD_BYTES:
                self.ledger.reading(frames[-1].sha256)
        elif now_s // DAY > self._day:
            self._day = int(now_s // DAY)
            self._say(f"day {self._day}: {len(self.ledger.photos):,} photos")
        if self._armed:
            self._strike(place)

    def _begin(self, fault: Fault) -> None:
        happened = fault.kind
        if fault.kind == "camera":
            self._board.model.faults.add(fault.detail)
            happened = "camera " + fault.detail.partition(":")[0]
        elif fault.kind == "radio-stuck":
            self._board.world.radio.jam()
        elif fault.kind == "power-off":
            self._off_s = fault.number
            self._board.kill("power off")
        else:
            self._armed.append(fault)
            if len(self._armed) == 1:
                self._events_left = fault.number
            return
        self.plan.happened[happened] += 1

    def _strike(self, place: str) -> None:
        if self._armed[0].detail != place:
            return
        self._events_left -= 1
        if self._events_left <= 0:
            self._armed.pop(0)
            self._events_left = self._armed[0].number if self._armed else 0
            self.plan.happened[f"reset in {place}"] += 1
            self._board.kill("reset")
