"""The canvas of one picture and the few ways to paint on it; every edge is antialiased."""

import functools
import random
from collections.abc import Iterable, Sequence
from datetime import datetime

from PIL import Image, ImageDraw

from .light import Colour, Light

HORIZON = 0.60
_TEXTURE = 256
_SMOOTH = Image.Resampling.BILINEAR

Point = tuple[float, float]
Polygon = Sequence[Point]
Paint = Colour | Image.Image


class Stage:
    """A picture in the making: `image`, its `light`, and the measures of everything on it.

    `x` and `y` turn parts of the picture into pixels; `unit` is the length of 1 for things that
    must keep their shape at every aspect ratio; `seconds` drives everything that moves. If
    `traced` ("L") is set, it becomes white wherever something solid is painted.
    """

    def __init__(self, width: int, height: int, moment: datetime):
        self.width = width
        self.height = height
        self.unit = min(width * 0.75, height)
        self.moment = moment
        midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        self.seconds = moment.toordinal() % 1000 * 86400 + (moment - midnight).total_seconds()
        self.light = Light(moment, HORIZON)
        self.image = Image.new("RGB", (width, height))
        self.traced: Image.Image | None = None

    def x(self, part: float) -> float:
        """Return the pixel column at `part` of the width."""
        return part * self.width

    def y(self, part: float) -> float:
        """Return the pixel row at `part` of the height."""
        return part * self.height

    def fill(self, paint: Paint, *polygons: Polygon, strength: float = 1.0) -> None:
        """Fill polygons, in pixels, with a colour or with an image stretched over their box."""
        box = self._box(point for polygon in polygons for point in polygon)
        if box is None:
            return
        scale, mask = _mask(box)
        draw = ImageDraw.Draw(mask)
        for polygon in polygons:
            draw.polygon(
                [((x - box[0]) * scale, (y - box[1]) * scale) for x, y in polygon],
                round(255 * strength),
            )
        self._paste(paint, box, mask.reduce(scale))

    def ellipses(self, paint: Paint, *boxes: Sequence[float], strength: float = 1.0) -> None:
        """Fill ellipses given as (left, top, right, bottom) in pixels."""
        box = self._box(point for b in boxes for point in ((b[0], b[1]), (b[2], b[3])))
        if box is None:
            return
        scale, mask = _mask(box)
        draw = ImageDraw.Draw(mask)
        for left, top, right, bottom in boxes:
            place = (left - box[0], top - box[1], right - box[0], bottom - box[1])
            draw.ellipse([value * scale for value in place], round(255 * strength))
        self._paste(paint, box, mask.reduce(scale))

    def line(self, colour: Colour, start: Point, end: Point, width: float) -> None:
        """Draw a line of `width` pixels with flat ends; under one pixel it only gets paler."""
        (x0, y0), (x1, y1) = start, end
        length = max(1e-6, ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5)
        wide = max(width, 0.8)
        dx, dy = (y1 - y0) / length * wide / 2, (x0 - x1) / length * wide / 2
        corners = [(x0 + dx, y0 + dy), (x1 + dx, y1 + dy), (x1 - dx, y1 - dy), (x0 - dx, y0 - dy)]
        self.fill(colour, corners, strength=min(1.0, width / wide))

    def glow(self, colour: Colour, centre: Point, radius: float, strength: float) -> None:
        """Add light around a point, fading to nothing at `radius` pixels."""
        (x, y), r = centre, max(1.0, radius)
        box = self._box(((x - r, y - r), (x + r, y + r)))
        if box is None:
            return
        left, top, right, bottom = (
            max(0.0, min(128.0, (edge - middle + r) * 64 / r))
            for edge, middle in zip(box, (x, y, x, y), strict=True)
        )
        disc = _disc().point([round(value * strength) for value in range(256)])
        size = box[2] - box[0], box[3] - box[1]
        self.image.paste(colour, box, disc.resize(size, _SMOOTH, box=(left, top, right, bottom)))

    def _box(self, points: Iterable[Point]) -> tuple[int, int, int, int] | None:
        xs, ys = zip(*points, strict=True)
        left, right = max(0, int(min(xs)) - 1), min(self.width, int(max(xs)) + 2)
        top, bottom = max(0, int(min(ys)) - 1), min(self.height, int(max(ys)) + 2)
        return (left, top, right, bottom) if left < right and top < bottom else None

    def _paste(self, paint: Paint, box: tuple[int, int, int, int], mask: Image.Image) -> None:
        if isinstance(paint, Image.Image):
            paint = stretch(paint, (box[2] - box[0], box[3] - box[1]))
        self.image.paste(paint, box, mask)
        if self.traced is not None:
            self.traced.paste(255, box, mask)


def gradient(*colours: Colour, across: bool = False) -> Image.Image:
    """Return a strip that runs through `colours` evenly, downwards or `across`."""
    line = _strip("RGB", len(colours), bytes(value for colour in colours for value in colour))
    return line.transpose(Image.Transpose.ROTATE_90) if across else line


def fade(*levels: int) -> Image.Image:
    """Return a strip ("L") that runs downwards through `levels` (0 to 255), to serve as a mask."""
    return _strip("L", len(levels), bytes(levels))


def _strip(mode: str, count: int, data: bytes) -> Image.Image:
    steps = 32 * count
    line = Image.frombytes(mode, (1, count), data).resize((1, steps), _SMOOTH)
    # Cut off half a step at both ends, where the colour would not change.
    return line.crop((0, 16, 1, steps - 16))


def stretch(paint: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return `paint` smoothly resized; a strip is faster, as it changes in one direction only."""
    if paint.width == 1:
        return paint.resize((1, size[1]), _SMOOTH).resize(size, Image.Resampling.NEAREST)
    return paint.resize(size, _SMOOTH)


@functools.cache
def texture(seed: int, octaves: tuple[tuple[int, int], ...]) -> Image.Image:
    """Return smooth noise ("L", three tiles of 256 pixels a side) that repeats without a seam.

    Each octave is (cells per side of a tile, weight).
    """
    rng = random.Random(seed)
    sum_of_weights = 0.0
    total = Image.new("L", (3 * _TEXTURE, 3 * _TEXTURE), 128)
    for cells, weight in octaves:
        tile = Image.frombytes("L", (cells, cells), rng.randbytes(cells * cells))
        tiled = Image.new("L", (3 * cells, 3 * cells))
        for place in range(9):
            tiled.paste(tile, (place % 3 * cells, place // 3 * cells))
        sum_of_weights += weight
        layer = tiled.resize(total.size, Image.Resampling.BICUBIC)
        total = Image.blend(total, layer, weight / sum_of_weights)
    return total


@functools.cache
def _disc() -> Image.Image:
    far = Image.radial_gradient("L").resize((128, 128))
    return far.point([round(255 * max(0.0, 1 - value / 180) ** 2) for value in range(256)])


def _mask(box: tuple[int, int, int, int]) -> tuple[int, Image.Image]:
    width, height = box[2] - box[0], box[3] - box[1]
    scale = 2 if width * height > 60_000 else 4
    return scale, Image.new("L", (width * scale, height * scale))
