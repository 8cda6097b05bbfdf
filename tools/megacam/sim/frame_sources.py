"""Pictures for the camera model without any drawing: JPEG-like bytes, or raw pixels.

A picture source is a callable(width, height, format, quality, shot) -> bytes, where `format` is
"jpeg", "rgb565" or "yuv422" and `quality` "high", "medium" or "low".
"""

import random
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_APP0 = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
_SOS = b"\xff\xda\x00\x0c\x03\x01\x00\x02\x11\x03\x11\x00\x3f\x00"
_ENTROPY = bytes(range(255)) + b"\x7f"  # entropy-coded data holds FF only when stuffed
_PIXELS_A_BYTE = {"high": 10, "medium": 20, "low": 40}


@dataclass(frozen=True)
class Shot:
    """The settings of the sensor when a frame was exposed.

    `exposure` is the brightness reached by automatic exposure, 1/16 to 1. Levels are signed (-4 to
    4); `white_balance`, `effect` and `sharpness` are the codes of their registers.
    """

    number: int
    time_us: int
    exposure: float = 1.0
    white_balanced: bool = True
    brightness: int = 0
    contrast: int = 0
    saturation: int = 0
    ev: int = 0
    white_balance: int = 0
    effect: int = 0
    sharpness: int = 0
    rotated: bool = False
    video: bool = False


FrameSource = Callable[[int, int, str, str, Shot], bytes]


def jpeg_like(size: int, width: int, height: int, seed: int, thumbnail: bool = False) -> bytes:
    """Return `size` bytes with a JPEG's markers: SOI, APP0, SOF0 with the size, SOS, EOI.

    The entropy-coded part is noise. Below 60 bytes there is room only for SOI and EOI, below 4 not
    even for those. With `thumbnail`, an APP1 segment holds a complete small JPEG, EOI included.
    """
    sof = b"\xff\xc0\x00\x11\x08" + struct.pack(">HH", height, width)
    sof += b"\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01"
    inner = jpeg_like(200, 160, 120, seed) if thumbnail else b""
    app1 = b"\xff\xe1" + struct.pack(">H", len(inner) + 8) + b"Exif\x00\x00" + inner
    head = _SOI + _APP0 + (app1 if thumbnail else b"") + sof + _SOS
    if size < len(head) + 2:
        head = _SOI
    body = random.Random(seed).randbytes(max(0, size - len(head) - 2)).translate(_ENTROPY)
    return (head + body + _EOI)[:size]


def raw_like(width: int, height: int, number: int) -> bytes:
    """Return width * height * 2 bytes that differ from frame to frame and never repeat a word."""
    size = width * height * 2
    ramp = bytes((i * 7 + number) % 256 for i in range(1021))
    return (ramp * (size // len(ramp) + 1))[:size]


def synthetic_frames(width: int, height: int, format: str, quality: str, shot: Shot) -> bytes:
    """Return JPEG-like bytes of a plausible size, or raw pixels; the default picture source."""
    if format != "jpeg":
        return raw_like(width, height, shot.number)
    size = 600 + width * height // _PIXELS_A_BYTE[quality]
    return jpeg_like(size, width, height, shot.number)


class FixedFrames:
    """A picture source of JPEG-like photos with exactly the given sizes, one after the other."""

    def __init__(self, sizes: Sequence[int], thumbnail: bool = False):
        self._sizes = sizes
        self._thumbnail = thumbnail
        self._next = 0

    def __call__(self, width: int, height: int, format: str, quality: str, shot: Shot) -> bytes:
        if format != "jpeg":
            return raw_like(width, height, shot.number)
        size = self._sizes[self._next % len(self._sizes)]
        self._next += 1
        return jpeg_like(size, width, height, shot.number, self._thumbnail)
