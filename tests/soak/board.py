"""The board of a simulated month: its starts, its SPI bus and its requests, in one event loop.

One loop handles everything, so that the board's output is handled in the order in which it was
sent: the console is always read before the bus, and the bus before the servers.
"""

import asyncio
import contextlib
import json
import os
import socket
import struct
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from megacam.sim import interpreter, rom
from megacam.sim.board import Board
from megacam.sim.camera import CameraModel
from megacam.sim.frame_sources import FrameSource
from megacam.sim.peripherals import PortError
from megacam.sim.world import World

from soak.plan import Plan
from soak.store import Store
from soak.time_servers import TimeServers
from soak.truth import Truth

#: The heap of every other test, plus 2 KB for the two modules that only this run replaces.
HEAP = f"{int(interpreter.HEAP.removesuffix('K')) + 2}K"

_PORT = Path(__file__).parent / "port"
_HEADER = struct.Struct("<BBHIQ")
_CHIP_SELECT, _WRITE, _READ, _EXCHANGE, _INIT = b"CWRXS"
WIFI = {"ssid": "Observatory", "password": "clear skies tonight", "rssi": -58}
_WATCHDOG = 3  # machine.WDT_RESET
# Many times what the firmware computes from one feed to the next: a photo takes 0.1 s.
_PATIENCE_S = 2
_NAME_NOT_FOUND = -202  # from the ESP32's getaddrinfo


class SoakWorld(World):
    """A World whose Wi-Fi and network have the plan's faults.

    `ports` is {host name of a server: its port on this machine}.
    """

    def __init__(
        self,
        folder: Path,
        truth: Truth,
        plan: Plan,
        store: Store,
        times: TimeServers,
        ports: dict[str, int],
    ):
        super().__init__(folder, [WIFI])
        self._truth, self._plan, self._store, self._times = truth, plan, store, times
        self._ports = ports

    def _is(self, kind: str) -> bool:
        return self._plan.active(kind, self._truth.now_s) is not None

    def offered(self) -> dict[str, Any]:
        own = (self.resolve_name, self.is_packet_lost, self.is_server_silent)
        return {**super().offered(), **{method.__name__: method for method in own}}

    def answer(self, name: str, now_us: int, args: Any, values: Any) -> str:
        there = [] if self._is("no-wifi") else [{**WIFI, "dhcp": not self._is("no-dhcp")}]
        self.radio.networks[:] = there
        return super().answer(name, now_us, args, values)

    def resolve_name(self, host: str, port: int) -> int:
        """Return the port on this machine for a host name; raises PortError if DNS is down."""
        if self._is("no-dns") or self._is("packets-lost") or host not in self._ports:
            raise PortError(OSError, _NAME_NOT_FOUND)
        return self._ports[host]

    def is_packet_lost(self) -> bool:
        return self._is("packets-lost")

    def is_server_silent(self) -> bool:
        """Return whether the board waits for an answer that will never come."""
        ignored, self._times.ignored = self._times.ignored, False
        return ignored or self._store.silent > 0


class SoakBoard(Board):
    """A board without a thread: run_life() is one start of the board, until it ends.

    `frames` makes its photos. `on_line` is called with each line of the console, and `on_event`
    with "spi" for each transfer on the bus and "world" for each request. Both may call kill().
    """

    def __init__(self, folder: Path, truth: Truth, frames: FrameSource, heap: str):
        super().__init__(folder, None, fast=True, heap=heap)
        self.on_line: Callable[[str], None] = lambda line: None
        self.on_event: Callable[[str], None] = lambda place: None
        self._truth = truth
        self._frames = frames
        self._ended = ""
        self.model = CameraModel("3mp", frames=frames, clock=truth)

    def live_in(self, plan: Plan, store: Store, times: TimeServers, ports: dict[str, int]) -> None:
        """Put a SoakWorld around the board."""
        self.world = SoakWorld(self.folder, self._truth, plan, store, times, ports)
        self.world.serve = self._take_world
        self.world.on_power_cut = lambda: self.kill("power cut")
        self.world.on_bite = lambda: self.kill("starved watchdog")
        self.world.lived_s, self.world.patience_s = self._processor_s, _PATIENCE_S

    def _write_rom(self, started: contextlib.ExitStack) -> Path:
        folder = started.enter_context(tempfile.TemporaryDirectory(prefix="megacam-rom-"))
        return rom.write(Path(folder), more=_PORT.glob("*.py"))

    def _start_camera(self, started: contextlib.ExitStack) -> socket.socket:
        ours, other = socket.socketpair()
        other.close()
        started.callback(ours.close)
        return ours  # each life has its own bus

    def _camera_bus(self) -> socket.socket:
        board, self._spi = socket.socketpair()
        return board

    def _take_world(self, end: socket.socket) -> None:
        self._asked = end

    def power_on(self) -> None:
        """Switch on the supply: camera and radio have lost their state."""
        self.model = CameraModel("3mp", frames=self._frames, clock=self._truth)
        self.world.power_on()

    def is_camera_dead(self, is_dead: bool) -> None:
        """Cut the camera's supply, or switch it on again."""
        if is_dead:
            self.model.faults.add("no-camera-low")
        else:
            self.model.faults.discard("no-camera-low")

    def cause_after(self, ended: int | str) -> int:
        """Return the cause of the reset that ended a life, or 0 if the power was cut."""
        if ended in ("reset", "starved watchdog"):
            return _WATCHDOG
        return self.world.reset_cause(ended) if isinstance(ended, int) else 0

    def descriptors(self) -> int:
        """Return the number of open file descriptors of the board's process."""
        assert self._process
        return sum(1 for _ in Path(f"/proc/{self._process.pid}/fd").iterdir())

    def _processor_s(self) -> float:
        """Return the seconds of a processor that this life has taken; 0 once it has ended."""
        try:
            assert self._process
            said = Path(f"/proc/{self._process.pid}/stat").read_text()
        except OSError:
            return 0
        user, system = said.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def kill(self, why: str) -> None:
        """End this life at once; `why` is what run_life() returns."""
        if self._process and not self._ended:
            self._ended = why
            self._process.kill()

    async def run_life(self, writes_left: int) -> int | str:
        """Start the board and serve it until it ends; return its exit code or why it was killed.

        If `writes_left` is not 0, the power is cut before that write to the flash, counted from 1.
        """
        self._ended = ""
        process = self._spawn({"MEGACAM_WRITES_LEFT": str(writes_left)})
        assert process.stdout
        self._process = process
        self._console = process.stdout.fileno()
        os.set_blocking(self._console, False)
        self._line, self._question = b"", b""
        loop = asyncio.get_running_loop()
        self._over = loop.create_future()
        readers = {
            self._console: self._read_console,
            self._spi.fileno(): self._serve_spi,
            self._asked.fileno(): self._serve_world,
        }
        for end, reader in readers.items():
            loop.add_reader(end, reader)
        try:
            await self._over
        finally:
            for end in readers:
                loop.remove_reader(end)
            process.kill()
            code = process.wait()
            self._read_console()
            for end in (process.stdout, self._spi, self._asked):
                end.close()
        return self._ended or code

    def _read_console(self) -> None:
        while True:
            try:
                data = os.read(self._console, 65536)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                if not self._over.done():
                    self._over.set_result(None)
                return
            *lines, self._line = (self._line + data).split(b"\n")
            for line in lines:
                self.on_line(line.decode(errors="replace"))

    def _serve_world(self) -> None:
        self._read_console()
        with contextlib.suppress(OSError):
            self._question += self._asked.recv(65536)
            while b"\n" in self._question and not self._ended:
                line, _, self._question = self._question.partition(b"\n")
                name, now_us, args, values = json.loads(line)
                self._truth.hear(now_us)
                self.on_event("world")
                answer = self.world.answer(name, now_us, args, values)
                if not self._ended:
                    self._asked.sendall(answer.encode())

    def _serve_spi(self) -> None:
        self._read_console()
        with contextlib.suppress(OSError):
            while self._serve_one() and not self.model.cs_level:
                pass

    def _serve_one(self) -> bool:
        head = self._take(_HEADER.size)
        if len(head) < _HEADER.size:
            return False
        op, arg, _, size, board_us = _HEADER.unpack(head)
        self._truth.hear(board_us)
        self.world.hear(board_us)
        if op == _CHIP_SELECT:
            self.model.chip_select(arg)
        elif op == _INIT:
            self.model.bus_settings(size, arg >> 1 & 1, arg & 1)
        elif op in (_WRITE, _READ, _EXCHANGE):
            mosi = bytes((arg,)) * size if op == _READ else self._take(size)
            if len(mosi) < size:
                return False
            miso = self.model.exchange(mosi)
            self.on_event("spi")
            if op != _WRITE:
                self._spi.sendall(miso)
        return True

    def _take(self, size: int) -> bytes:
        data = self._spi.recv(size, socket.MSG_WAITALL)
        if len(data) < size and self._process:
            # Killed in the middle of a transfer.
            asyncio.get_running_loop().remove_reader(self._spi)
        return data
