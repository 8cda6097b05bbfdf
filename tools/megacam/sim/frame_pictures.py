"""Real pictures for the camera model: a Pillow image as the sensor would show it. Needs Pillow."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from megacam.sim.frame_sources import FrameSource, Shot

if TYPE_CHECKING:
    from PIL import Image

Painter = Callable[[int, int, datetime], "Image.Image"]

_JPEG_QUALITY = {"high": 92, "medium": 80, "low": 60}
_GREEN_CAST = (0.7, 1.0, 0.45)  # red, green, blue while white balance has not settled
_STEP = 0.12  # what one step of brightness, contrast, saturation or EV changes


class PaintedFrames:
    """A picture source that shows what `paint(width, height, moment)` returns.

    `begin` is the moment at which the model's clock stands at zero. Exposure, white balance,
    levels, the black-and-white and negative effects and rotation can be seen in the pictures.
    """

    def __init__(self, paint: Painter, begin: datetime):
        self._paint = paint
        self._begin = begin

    def __call__(self, width: int, height: int, format: str, quality: str, shot: Shot) -> bytes:
        moment = self._begin + timedelta(microseconds=shot.time_us)
        image = develop(self._paint(width, height, moment).convert("RGB"), shot)
        if format == "rgb565":
            return rgb565(image)
        return yuyv(image) if format == "yuv422" else jpeg(image, quality)


def scene_frames(begin: datetime) -> FrameSource:
    """Return the source that draws the landscape of megacam.sim.scene."""
    from megacam.sim import scene

    return PaintedFrames(scene.draw, begin)


def visited_frames(begin: datetime) -> FrameSource:
    """Return the source that draws a still landscape with visitors on a known plan."""
    from megacam.sim import scene

    return PaintedFrames(scene.visited(begin), begin)


def photo_frames(folder: str, begin: datetime) -> FrameSource:
    """Return the source that shows the user's own pictures in `folder`, one after the other.

    Raises megacam.sim.scene.PicturesError when there are none.
    """
    from megacam.sim import scene

    return PaintedFrames(scene.photos(folder), begin)


def develop(image: Image.Image, shot: Shot) -> Image.Image:
    """Return `image` as the sensor shows it with the settings of `shot`."""
    from PIL import ImageEnhance, ImageOps

    light = shot.exposure * (1 + _STEP * (shot.brightness + shot.ev))
    cast = (1.0, 1.0, 1.0) if shot.white_balanced else _GREEN_CAST
    if light != 1 or not shot.white_balanced:
        gains = [light * gain for gain in cast]
        image = image.point([min(255, int(v * gain)) for gain in gains for v in range(256)])
    if shot.contrast:
        image = ImageEnhance.Contrast(image).enhance(1 + _STEP * shot.contrast)
    if shot.effect == 3 or shot.saturation:
        colour = 0 if shot.effect == 3 else 1 + _STEP * shot.saturation
        image = ImageEnhance.Color(image).enhance(colour)
    if shot.effect == 5:
        image = ImageOps.invert(image)
    return image.rotate(180) if shot.rotated else image


def jpeg(image: Image.Image, quality: str) -> bytes:
    """Return the JPEG of `image` at the camera's "high", "medium" or "low"."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=_JPEG_QUALITY[quality])
    return out.getvalue()


def rgb565(image: Image.Image) -> bytes:
    """Return the pixels with 5, 6 and 5 bits, high byte first (measured on a 3MP)."""
    from PIL import ImageChops

    red, green, blue = image.split()
    out = bytearray(image.width * image.height * 2)
    high = ImageChops.add(_mapped(red, lambda v: v & 0xF8), _mapped(green, lambda v: v >> 5))
    low = ImageChops.add(_mapped(green, lambda v: v << 3 & 0xE0), _mapped(blue, lambda v: v >> 3))
    out[0::2], out[1::2] = high.tobytes(), low.tobytes()
    return bytes(out)


def _mapped(band: Image.Image, function: Callable[[int], int]) -> Image.Image:
    return band.point([function(value) for value in range(256)])


def yuyv(image: Image.Image) -> bytes:
    """Return the pixels as Y0 Cb Y1 Cr, two of them sharing their colour."""
    luma, blue, red = image.convert("YCbCr").split()
    out = bytearray(image.width * image.height * 2)
    out[0::2] = luma.tobytes()
    out[1::4], out[3::4] = blue.tobytes()[0::2], red.tobytes()[0::2]
    return bytes(out)
