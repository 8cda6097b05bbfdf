"""A capture, from the trigger to a full FIFO: how long it takes, its result, its faults."""

from dataclasses import dataclass

from megacam.sim import camera_fifo
from megacam.sim.camera_faults import Faults
from megacam.sim.camera_fifo import FIFO_BYTES, OVERFULL_LENGTH, FrameRecord
from megacam.sim.camera_sensor import Sensor
from megacam.sim.frame_sources import FrameSource

_CAPTURE_US = 36_000  # measured: 36 to 69 ms at 128x128 and 320x240
_PIXEL_NS = 125  # so that 1600x1200 takes 280 ms: "hundreds of ms" for large stills
_FRAME_INTERVAL_US = 35_800  # measured at 128x128 with FRAME_COUNT
_DARK_US = 2_500_000
UNTIL_FULL = 255  # FRAME_COUNT value


@dataclass
class Capture:
    """A running capture; `due_us` None means that it never ends.

    `frame_count` is the value of register 0x01, so one less than the number of frames.
    """

    started_us: int
    due_us: int | None
    frame_count: int
    blank: bool = False
    counter: bool = False


def duration_us(sensor: Sensor, frame_count: int, faults: Faults) -> int:
    """Return how long a capture takes from the trigger to CAP_DONE."""
    width, height = sensor.size
    extra = _DARK_US if faults.strike("slow-capture") else 0
    return (
        _CAPTURE_US + width * height * _PIXEL_NS // 1000 + frame_count * _FRAME_INTERVAL_US + extra
    )


def expose(capture: Capture, sensor: Sensor, source: FrameSource, faults: Faults, number: int):
    """Take the frames of a finished capture; return its FrameRecord with the FIFO's bytes."""
    (width, height), form, quality = sensor.size, sensor.format, sensor.quality
    photos: list[bytes] = []
    stored = bytearray()
    for i in range(capture.frame_count + 1):
        shot = sensor.shot(number + i, capture.started_us + i * _FRAME_INTERVAL_US)
        photo = bytes(source(width, height, form, quality, shot))
        photos.append(photo)
        jpeg = form == "jpeg"
        stored += camera_fifo.stored_photo(photo, faults, number + i) if jpeg else photo
        if len(stored) > FIFO_BYTES:
            break
    data = _replaced(bytes(stored), capture, faults)
    return FrameRecord(number, capture.started_us, width, height, form, quality, data, photos)


def _replaced(data: bytes, capture: Capture, faults: Faults) -> bytes:
    if capture.frame_count == UNTIL_FULL and data:
        data *= OVERFULL_LENGTH // len(data) + 1
    if len(data) > FIFO_BYTES:
        data = data[:OVERFULL_LENGTH]
    if capture.counter:
        data = camera_fifo.counter_frame(len(data))
    if capture.blank or faults.strike("constant-frame"):
        data = camera_fifo.blank_frame(len(data))
    return camera_fifo.damaged(data, faults)


def reported_length(size: int, faults: Faults) -> int:
    """Return the length that the camera reports for a FIFO of `size` bytes."""
    if faults.strike("length-zero"):
        return 0
    if faults.strike("length-8mib"):
        return OVERFULL_LENGTH
    return 0xFFFFFF if faults.strike("length-all-ones") else size
