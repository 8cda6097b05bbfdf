"""The camera of a history: the model at the SPI wire, with small photos that are never equal."""

import hashlib
import random
import struct
from collections.abc import Callable

from megacam.sim.camera import CameraModel
from megacam.sim.frame_sources import Shot

from swarm.engine import Engine

_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_APP0 = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
_SOS = b"\xff\xda\x00\x0c\x03\x01\x00\x02\x11\x03\x11\x00\x3f\x00"
_ENTROPY = bytes(range(255)) + b"\x7f"  # entropy-coded data has no FF
_HEAD_BYTES = 192  # of every frame; the driver reads them to check it
_POOL_BYTES = 1 << 18
_SIDE, _FIGURE = 96, 16  # of a small frame, and of who walks through it, in pixels


class Camera:
    """A camera model that loses its state with its supply.

    Photos have `sizes` bytes, from and to. `on_exposed(sha256, us)` is called for each frame, and
    `on_reading(sha256)` once the board reads more of it than the driver's check. In the small
    frames between photos, somebody walks about while `is_visited()`.
    """

    def __init__(
        self,
        engine: Engine,
        model: str,
        seed: int,
        sizes: tuple[int, int],
        on_exposed: Callable[[str, int], None],
        on_reading: Callable[[str], None],
        is_visited: Callable[[], bool],
    ):
        self._engine, self._kind, self._sizes = engine, model, sizes
        self._rng = random.Random(f"photos {seed}")
        self._pool = self._rng.randbytes(_POOL_BYTES).translate(_ENTROPY)
        self._on_exposed, self._on_reading = on_exposed, on_reading
        self._is_visited = is_visited
        self._scene = _scene(self._rng)
        self._read = ""
        self.is_dead = False
        #: What the host did wrong in earlier power cycles.
        self.violations: list[str] = []
        self.power_on()

    def power_on(self) -> None:
        """Switch the supply on."""
        if hasattr(self, "model"):
            self.violations += self.model.violations
        self.model = CameraModel(self._kind, frames=self._photo, clock=self._engine)
        self.die(self.is_dead)

    def release(self) -> None:
        """The board has restarted: nobody drives CS low any more, which is no mistake of it."""
        before = len(self.model.violations)
        self.model.chip_select(1)
        del self.model.violations[before:]

    def die(self, is_dead: bool) -> None:
        """Cut the camera's supply, or switch it on again."""
        self.is_dead = is_dead
        if is_dead:
            self.model.faults.add("no-camera-low")
        else:
            self.model.faults.discard("no-camera-low")

    def look(self) -> None:
        """Note whether the board reads a photo."""
        frames = self.model.frames
        if frames and frames[-1].read_bytes > _HEAD_BYTES and frames[-1].sha256 != self._read:
            self._read = frames[-1].sha256
            if frames[-1].format == "jpeg":
                self._on_reading(self._read)
            del frames[:-2]

    def _photo(self, width: int, height: int, format: str, quality: str, shot: Shot) -> bytes:
        if format != "jpeg":
            return self._look(width, shot.number)
        low, high = self._sizes
        # Most photos are small, a few large.
        size = int(low * (high / low) ** self._rng.random() ** 2)
        comment = b"photo " + self._rng.randbytes(8).hex().encode()
        photo = b"".join(
            (
                *(_SOI, _APP0, b"\xff\xfe", struct.pack(">H", len(comment) + 2), comment),
                *(b"\xff\xc0\x00\x11\x08", struct.pack(">HH", height, width)),
                *(b"\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01", _SOS),
                self._pool[(at := self._rng.randrange(_POOL_BYTES - size)) : at + size],
                _EOI,
            )
        )
        self._on_exposed(hashlib.sha256(photo).hexdigest(), shot.time_us)
        return photo

    def _look(self, width: int, number: int) -> bytes:
        frame = bytearray(self._scene)
        # The sensor's noise, so that no frame is like another.
        for at in self._rng.sample(range(len(frame) // 2), 64):
            frame[2 * at] ^= 8
        if self._is_visited():
            left = (number * 17) % (width - _FIGURE)
            for row in range(_FIGURE, 3 * _FIGURE):
                at = 2 * (row * width + left)
                frame[at : at + 2 * _FIGURE] = b"\xff\xff" * _FIGURE
        return bytes(frame)


def _scene(rng: random.Random) -> bytes:
    """Return a frame of 96x96 pixels, RGB565: cells between dark and half light."""
    shades = [rng.choice((0x10A2, 0x2104, 0x3186, 0x4208, 0x5AEB)) for _ in range(24 * 24)]
    rows = range(_SIDE)
    words = [shades[(y // 4) * 24 + x // 4] for y in rows for x in rows]
    return struct.pack(f">{_SIDE * _SIDE}H", *words)
