"""A camera to test against without hardware: MicroPython's SPI, Pin and clock, in one process.

    from megacam.sim import wire
    spi, cs, clock = wire.connect("3mp")            # or wire.connect(CameraModel(faults=...))
    camera = ArducamMega(spi, cs, clock=clock)      # any driver that takes spi, cs and a clock
    ...
    assert spi.model.violations == []

Time is virtual: clocked bytes and sleeps advance it, so an hour of waiting takes no time.
"""

from __future__ import annotations

from megacam.sim.camera import CameraModel
from megacam.sim.virtual_clock import VirtualClock

Buffer = bytes | bytearray | memoryview


class SPI:
    """`machine.SPI` with the camera `model` on it; every call advances `clock`.

    `calls` counts the transfers, for tests that limit them.
    """

    MSB = 0
    LSB = 1
    CALL_US = 20  # one call costs MicroPython about this much, so that polling always takes time

    def __init__(self, model: CameraModel, clock: VirtualClock, baudrate: int = 8_000_000):
        self.model = model
        self.calls = 0
        self._clock = clock
        self._baudrate_hz = baudrate
        self.init(baudrate=baudrate)

    def init(
        self,
        baudrate: int | None = None,
        polarity: int = 0,
        phase: int = 0,
        bits: int = 8,
        firstbit: int = MSB,
        **_pins: object,
    ) -> None:
        """Set the bus up; `baudrate` None keeps the speed. Pins are accepted and ignored."""
        if bits != 8:
            raise ValueError("bits must be 8")
        self._baudrate_hz = baudrate or self._baudrate_hz
        self.model.bus_settings(self._baudrate_hz, polarity, phase, firstbit)

    def deinit(self) -> None:
        """Do nothing, because a mock can be used again."""

    def write(self, buf: Buffer) -> None:
        self._exchange(bytes(buf))

    def readinto(self, buf: bytearray | memoryview, write: int = 0x00) -> None:
        buf[:] = self._exchange(bytes((write,)) * len(buf))

    def read(self, nbytes: int, write: int = 0x00) -> bytes:
        return self._exchange(bytes((write,)) * nbytes)

    def write_readinto(self, write_buf: Buffer, read_buf: bytearray | memoryview) -> None:
        mosi = bytes(write_buf)
        if len(mosi) != len(read_buf):
            raise ValueError("buffers must be the same length")
        read_buf[:] = self._exchange(mosi)

    def _exchange(self, mosi: bytes) -> bytes:
        if not mosi:
            raise ValueError("buffer too short")
        self.calls += 1
        self._clock.now_us += self.CALL_US + len(mosi) * 8_000_000 // self._baudrate_hz
        return self.model.exchange(mosi)

    def __repr__(self) -> str:
        return f"SPI(baudrate={self._baudrate_hz}, {self.model!r})"


class Pin:
    """`machine.Pin` that drives the chip select of `model`; `level` is its level at first."""

    IN = 1
    OUT = 3
    OPEN_DRAIN = 7
    PULL_DOWN = 1
    PULL_UP = 2

    def __init__(self, model: CameraModel, level: int = 1):
        self._model = model
        self._level = level

    def init(self, mode: int = -1, pull: int = -1, *, value: int | None = None) -> None:
        if value is not None:
            self.value(value)

    def value(self, x: int | None = None) -> int | None:
        if x is None:
            return self._level
        self._level = 1 if x else 0
        self._model.chip_select(self._level)
        return None

    __call__ = value

    def on(self) -> None:
        self.value(1)

    def off(self) -> None:
        self.value(0)


def connect(
    model: CameraModel | str = "3mp", *, faults: tuple[str, ...] = (), baudrate: int = 8_000_000
) -> tuple[SPI, Pin, VirtualClock]:
    """Return (spi, cs, clock) wired to `model`: a CameraModel, or the word for a new one.

    The model is `spi.model`. `faults` are for a new one.
    """
    if isinstance(model, str):
        model = CameraModel(model, faults)
    return SPI(model, model.clock, baudrate), Pin(model, model.cs_level), model.clock
