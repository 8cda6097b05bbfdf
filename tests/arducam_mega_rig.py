"""The driver on the camera model, with the checks that every test must pass at its end."""

from arducam_mega import ArducamMega, sensor
from megacam.sim import wire
from megacam.sim.camera import CameraModel
from megacam.sim.frame_sources import FixedFrames

BLOCK = 4092  # one DMA transaction of the ESP32
START, RESET = (0x04, 0x02), (0x07, 0x40)  # register writes
QUICK = {"settle_ms": 400, "discard": 0}  # no frames discarded: one frame per capture


class Rig:
    """A driver (`camera`) on a model; on exit it asserts that the protocol was not violated.

    `photos` has the sizes of the photos in bytes; without it the model chooses them.
    """

    def __init__(self, word="3mp", *faults, photos=None, frames=None, driver=QUICK, **options):
        frames = FixedFrames(photos) if photos else frames
        self.model = CameraModel(word, faults, frames, **options)
        self.spi, self.cs, self.clock = wire.connect(self.model)
        self.camera = ArducamMega(self.spi, self.cs, clock=self.clock, **driver)
        self.writes = []  # (address, value) of every register write on the wire
        self.model.listeners.append(self._note)

    def _note(self, transaction):
        if transaction.mosi[0] & 0x80:
            self.writes.append((transaction.mosi[0] & 0x7F, transaction.mosi[1]))

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            assert self.model.violations == []
            assert self.model.cs_level == 1

    def fault(self, spec):
        """Switch on a fault during a run."""
        self.model.faults.add(spec)

    @property
    def sensor(self):
        """Return the module with the functions for the image sensor itself."""
        return sensor

    def shoot(self, block_bytes=4092):
        """Capture and read a frame, compare it with the camera's FIFO, and return its bytes."""
        data = read(self.camera.capture(), block_bytes)
        assert data == self.model.frames[-1].fifo
        return data

    def ms(self):
        """Return the time since the start in milliseconds."""
        return self.clock.now_us // 1000


def read(frame, block_bytes=4092):
    """Return all bytes of `frame`, read through one buffer."""
    buf = bytearray(block_bytes)
    out = bytearray()
    while count := frame.readinto(buf):
        out += buf[:count]
    assert len(out) == frame.size
    return bytes(out)
