"""`megacam sim camera`: take one photo from the camera model and decode its SPI traffic."""

import time
from collections.abc import Callable, Sequence

from megacam.sim import camera_models as reg
from megacam.sim import wire
from megacam.sim.camera import CameraModel
from megacam.sim.camera_decoder import Decoder

_BURST_BYTES = 4092
_TIMEOUT_MS = 3000


def show_camera(
    model: str, faults: Sequence[str], size: str, show: Callable[[str], None] = print
) -> CameraModel:
    """Take one photo of `size` ("640x480") from a camera with `faults`; `show` gets each line.

    The host is a plain sequence of register accesses, not the driver: it gives up where a
    simple program would. Raises ValueError for an unknown model, fault or size. Returns the model,
    whose `violations` and `frames` show how it went.
    """
    camera = CameraModel(model, faults)
    host = _Host(camera)
    decoder = Decoder(camera, show)
    camera.listeners.append(decoder)
    started = time.perf_counter()
    outcome = host.take_photo(_size_code(camera, size))
    decoder.flush()
    frame_count = len(camera.frames)
    show(
        f"{outcome}; {camera.clock.now_us / 1000:.1f} ms of camera time, {frame_count} captures, "
        f"{len(camera.violations)} violations ({time.perf_counter() - started:.2f} s)"
    )
    return camera


def _size_code(camera: CameraModel, size: str) -> int:
    codes = {f"{width}x{height}": code for code, (width, height) in camera.kind.sizes.items()}
    if size not in codes:
        raise ValueError(f"the {camera.kind.word} has no size {size!r}; it has {', '.join(codes)}")
    return codes[size]


class _Host:
    def __init__(self, model: CameraModel):
        self._spi, self._cs, self._clock = wire.connect(model)

    def take_photo(self, size_code: int) -> str:
        self._write(reg.RESET, 0x40)
        self._clock.sleep_ms(50)
        if not self._wait(0x03, 0x02):
            return "the camera never became idle"
        if self._read(reg.SENSOR_ID) in (0x00, 0xFF):
            return "no camera answers"
        for address, value in ((reg.I2C_DEV, 0x78), (reg.FORMAT, 1), (reg.RESOLUTION, size_code)):
            self._write(address, value)
            if not self._wait(0x03, 0x02):
                return "the camera never became idle"
        self._clock.sleep_ms(500)
        self._write(reg.FIFO_CTRL, 0x01)
        self._write(reg.FIFO_CTRL, 0x02)
        if not self._wait(0x04, 0x04):
            return "the capture never ended"
        return self._read_photo()

    def _read_photo(self) -> str:
        length = sum(self._read(reg.FIFO_LEN0 + i) << 8 * i for i in range(3))
        if not 0 < length < 1 << 23:
            return f"length {length} cannot be"
        photo = self._burst(min(length, _BURST_BYTES) + 1)[1:]
        while len(photo) < length:
            photo += self._burst(min(length - len(photo), _BURST_BYTES))
        good = photo.startswith(b"\xff\xd8") and b"\xff\xd9" in photo
        return f"{length} bytes read, {'a JPEG' if good else 'not a JPEG'}"

    def _burst(self, size: int) -> bytes:
        self._cs(0)
        self._spi.write(bytes((reg.BURST_READ,)))
        data = self._spi.read(size)
        self._cs(1)
        return data

    def _write(self, address: int, value: int) -> None:
        self._cs(0)
        self._spi.write(bytes((address | 0x80, value)))
        self._cs(1)

    def _read(self, address: int) -> int:
        buf = bytearray(3)
        self._cs(0)
        self._spi.write_readinto(bytes((address, 0, 0)), buf)
        self._cs(1)
        return buf[2]

    def _wait(self, mask: int, wanted: int) -> bool:
        for _ in range(_TIMEOUT_MS // 10):
            if self._read(reg.STATE) & mask == wanted:
                return True
            self._clock.sleep_ms(10)
        return False
