"""A model of an Arducam Mega at its SPI pins: bytes in, bytes out, a list of the host's errors.

    model = CameraModel("3mp", faults=("capture-stuck:2",))
    model.chip_select(0)
    model.exchange(b"\\x40\\x00\\x00")[2]   # 0x82, the sensor id
    model.chip_select(1)

`megacam.sim.wire` connects MicroPython's SPI and Pin to it. The model shares no code and no table
with the driver.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from megacam.sim import camera_models as reg
from megacam.sim.camera_engine import Engine
from megacam.sim.camera_faults import Faults
from megacam.sim.camera_fifo import FrameRecord
from megacam.sim.camera_models import kind_of
from megacam.sim.frame_sources import FrameSource, synthetic_frames
from megacam.sim.virtual_clock import VirtualClock

MAX_WRITE_HZ = 8_000_000  # measured: register writes at 16 MHz fail silently
MAX_CLOCK_HZ = 16_000_000  # the fastest that was ever measured to work
# A host that leaves CS low this long between bytes has forgotten it. (On a busy computer the
# simulated board itself may pause for a part of a second.)
_HELD_LOW_US = 1_000_000
_BUS_JUNK = b"\x5c\xa9\x36\xe1\x4b\x93\x27"  # never 00 or FF, so that an off-by-one error shows
_SHOWN_BYTES = 16


@dataclass
class Transaction:
    """One CS cycle: its first bytes in both directions, and how many there were in all."""

    start_us: int
    mosi: bytes = b""
    miso: bytes = b""
    size: int = 0
    end_us: int = 0
    fifo_position: int = 0  # where in the FIFO a burst began
    had_dummy: bool = False


class CameraModel:
    """An Arducam Mega; `model` is a word such as "3mp-v2" or an id such as 0x84.

    The argument `frames` makes the pictures (a frame_sources.FrameSource). `quirks=False` turns
    off the known faults of real parts of this model; `sensor_id` makes it report another id.
    `cs_level` is the level of CS before the host drives it; with `strict_select`, a CS that was
    low from the start does not select the camera.

    The attribute `frames` has a record of every completed capture (with bytes for the last 32
    only), `violations` a sentence for every violation of the protocol; `listeners` are called
    with every Transaction. `faults` can be changed at any time.
    """

    def __init__(
        self,
        model: str | int = "3mp",
        faults: Iterable[str] = (),
        frames: FrameSource | None = None,
        clock: VirtualClock | None = None,
        *,
        quirks: bool = True,
        sensor_id: int | None = None,
        cs_level: int = 1,
        strict_select: bool = False,
    ):
        kind = kind_of(model)
        self.kind = kind if sensor_id is None else replace(kind, sensor_id=sensor_id)
        self.clock = clock or VirtualClock()
        self.faults = Faults((*(kind.quirks if quirks else ()), *faults))
        self.violations: list[str] = []
        self.listeners: list[Callable[[Transaction], None]] = []
        self.shared_bus = False  # True: bytes with CS high are for another device
        self.cs_level = cs_level
        self._strict_select = strict_select
        self._seen_edge = False
        self._junk_at = 0
        self._last_byte_us = self.clock.now_us
        self.bus_settings(MAX_WRITE_HZ)
        self._transaction = Transaction(self.clock.now_us)
        source = frames or synthetic_frames
        self._engine = Engine(self.kind, self.faults, source, self.clock, self._complain)

    @property
    def frames(self) -> list[FrameRecord]:
        """Return the records of all completed captures, oldest first."""
        return self._engine.frames

    @property
    def fifo_left(self) -> int:
        """Return how many bytes of the current frame have not been read."""
        return self._engine.fifo.left

    @property
    def settings(self) -> dict[int, int]:
        """Return the current settings of the sensor: {register 0x20..0x35: value}."""
        return dict(self._engine.sensor.settings)

    def poke(self, address: int, value: int) -> None:
        """Set a readable register to a value that an earlier host may have left in it."""
        self._engine.registers[address] = value

    def power_cycle(self) -> None:
        """Turn the supply off and on again: all state is lost, including TESTPAT."""
        self._engine.power_on(self.clock.now_us)

    def reset_in_field(self) -> None:
        """Reset the camera behind the host's back."""
        self._engine.tick()
        self._engine.reset_in_field()

    def bus_settings(
        self, baudrate_hz: int, polarity: int = 0, phase: int = 0, firstbit: int = 0
    ) -> None:
        """Set the host's SPI settings: they decide whether the camera understands its bytes."""
        self._baudrate_hz = baudrate_hz
        self._mode_fits = polarity == 0 and phase == 0 and firstbit == 0

    def chip_select(self, level: int) -> None:
        """Drive CS to 0 or 1; a rising edge ends whatever is in progress."""
        if level == self.cs_level and self._seen_edge:
            if not level:
                self._complain("CS driven low again without a rising edge (CS left low between)")
            return
        fell = self.cs_level == 1 and level == 0
        if self.cs_level == 0 and level == 1:
            self._end_transaction()
        self.cs_level = level
        self._seen_edge = self._seen_edge or fell or level == 1
        if fell:
            self._begin_transaction()

    def _begin_transaction(self) -> None:
        now_us = self.clock.now_us
        self._transaction = Transaction(now_us, fifo_position=self._engine.fifo.position)
        self._last_byte_us = now_us

    def _end_transaction(self) -> None:
        t = self._transaction
        t.end_us = self.clock.now_us
        if t.size:
            self._check_idle_gap()
            self._check_complete(t)
            for listener in self.listeners:
                listener(t)
        self._transaction = Transaction(t.end_us)

    def exchange(self, mosi: bytes | bytearray | memoryview) -> bytes:
        """Clock bytes in and return the bytes that come back; 0xFF if CS is high."""
        self._engine.tick()
        if not self._is_selected(mosi):
            return b"\xff" * len(mosi)
        self._check_idle_gap()
        self._last_byte_us = self.clock.now_us
        t = self._transaction
        first = t.size
        t.mosi += bytes(mosi[: _SHOWN_BYTES - len(t.mosi)]) if first < _SHOWN_BYTES else b""
        t.size += len(mosi)
        miso = self._answer(bytes(mosi), first)
        if self.faults.strike("late-miso"):
            miso = (int.from_bytes(miso, "big") >> 1).to_bytes(len(miso), "big")
        t.miso += miso[: _SHOWN_BYTES - len(t.miso)] if first < _SHOWN_BYTES else b""
        return miso

    def _is_selected(self, mosi: bytes | bytearray | memoryview) -> bool:
        if self.cs_level == 1:
            idle_clocks = not bytes(mosi).strip(b"\xff") or bytes(mosi) == b"\x00"
            if not self.shared_bus and not idle_clocks:
                shown = bytes(mosi[:_SHOWN_BYTES]).hex(" ")
                self._complain(
                    f"transfer without select: {len(mosi)} bytes ({shown}) with CS high"
                )
            return False
        if not self._seen_edge:
            self._complain("bytes clocked before the first falling edge of CS")
        return self._seen_edge or not self._strict_select

    def _answer(self, mosi: bytes, first: int) -> bytes:
        if self.faults.strike("no-camera-high"):
            return b"\xff" * len(mosi)
        if self.faults.strike("no-camera-low") or not self._engine.alive:
            return bytes(len(mosi))
        if not self._mode_fits:
            self._complain("SPI is not in mode 0, most significant bit first")
            return self._junk(len(mosi))
        if self._baudrate_hz > MAX_CLOCK_HZ:
            self._complain(f"clocked at {self._baudrate_hz} Hz; 16 MHz is the most ever measured")
        command = self._transaction.mosi[0]
        head = self._junk(1) if first == 0 else b""
        rest = mosi[len(head) :]
        if not rest:
            return head
        at = first + len(head)
        if command & 0x80:
            return head + self._write(command & 0x7F, rest, at)
        if command == reg.BURST_READ:
            return head + self._burst(len(rest))
        if command == reg.SINGLE_READ:
            return head + self._single(len(rest), at)
        return head + self._read(command, len(rest), at)

    def _junk(self, size: int) -> bytes:
        self._junk_at += 1
        return (_BUS_JUNK * (size // len(_BUS_JUNK) + 2))[self._junk_at % 7 :][:size]

    def _write(self, address: int, values: bytes, at: int) -> bytes:
        if at + len(values) > 2:
            self._complain("extra bytes after a register write")
        if at == 1 and self._is_heard():
            self._engine.write(address, values[0])
        return self._junk(len(values))

    def _is_heard(self) -> bool:
        if self._baudrate_hz <= MAX_WRITE_HZ:
            return True
        self._complain(f"register written at {self._baudrate_hz} Hz; 8 MHz is the most")
        return not self.faults.strike("fast-writes-ignored")

    def _read(self, address: int, size: int, at: int) -> bytes:
        # The byte after the address is a preparation delay; the value follows it.
        head = self._junk(1) if at == 1 else b""
        values = size - len(head)
        if at + size > 3:
            self._complain("extra bytes after a register read")
        return head + bytes((self._engine.read(address),)) * values if values else head

    def _burst(self, size: int) -> bytes:
        head = b""
        if self._engine.fifo.first_burst:
            # Only the first burst of a frame begins with a dummy byte.
            self._engine.fifo.first_burst = False
            self._transaction.had_dummy = True
            head = self._junk(1)
        wanted = size - len(head)
        return head + self._engine.read_fifo(wanted, reg.BURST_READ) if wanted else head

    def _single(self, size: int, at: int) -> bytes:
        head = self._junk(1) if at == 1 else b""
        if at + size > 3:
            self._complain("extra bytes after a single FIFO read")
        if at + size < 3 or at > 2:
            return head + self._junk(size - len(head))
        data = self._engine.read_fifo(1, reg.SINGLE_READ)
        return head + data + self._junk(size - len(head) - 1)

    def _check_idle_gap(self) -> None:
        idle_us = self.clock.now_us - self._last_byte_us
        if idle_us > _HELD_LOW_US:
            self._complain(f"CS left low for {idle_us // 1000} ms without a clock")
        self._last_byte_us = self.clock.now_us

    def _check_complete(self, t: Transaction) -> None:
        command = t.mosi[0]
        if command == reg.BURST_READ:
            if t.size < 2 or (t.had_dummy and t.size < 3):
                self._complain("burst ended before its first data byte")
        elif t.size < (2 if command & 0x80 else 3):
            self._complain("CS raised in the middle of a command")

    def _complain(self, text: str) -> None:
        at_ms = self.clock.now_us / 1000
        shown = self._transaction.mosi.hex(" ")
        self.violations.append(f"{at_ms:.3f} ms [{shown}] {text}")

    def __repr__(self) -> str:
        return f"CameraModel({self.kind.word!r}, faults={list(self.faults)})"
