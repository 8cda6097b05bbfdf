"""A still landscape with visitors that come and go on a known plan, for motion detection."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from PIL import Image, ImageChops, ImageDraw

from . import landscape
from .stage import Stage

Painter = Callable[[Stage, float], None]


@dataclass(frozen=True)
class Visit:
    """What is seen from `start_s` to `end_s`, seconds after the beginning.

    `paint(stage, part)` paints it when `part` (0 to 1) of that time has passed. `moves` is False
    if only the light changes.
    """

    name: str
    start_s: float
    end_s: float
    paint: Painter
    moves: bool = True


def _walker(stage: Stage, part: float) -> None:
    """Paint somebody who wades along the shore, from the left to the jetty."""
    x, foot, unit = stage.x(0.18 + 0.42 * part), stage.y(0.93), stage.unit
    coat, trousers, skin = (
        stage.light.on(c) for c in ((186, 44, 40), (38, 42, 58), (214, 168, 138))
    )
    wide, high = unit * 0.055, unit * 0.30
    stride = wide * (0.5 if int(part * 12) % 2 else 0.15)
    waist, neck = foot - high * 0.46, foot - high * 0.84
    for side in (-1, 1):
        leg = [(x - wide * 0.4, waist), (x + wide * 0.4, waist)]
        stage.fill(
            trousers, [*leg, (x + side * stride + wide * 0.2, foot), (x + side * stride, foot)]
        )
    stage.fill(
        coat,
        [(x - wide, neck), (x + wide, neck), (x + wide * 0.8, waist), (x - wide * 0.8, waist)],
    )
    head = high * 0.085
    stage.ellipses(skin, (x - head, neck - 2 * head, x + head, neck))


def _heron(stage: Stage, part: float) -> None:
    """Paint a heron that stands in the shallow water."""
    x, foot, unit = stage.x(0.53), stage.y(0.87), stage.unit
    grey, dark = stage.light.on((226, 230, 236)), stage.light.on((40, 44, 56))
    bow = unit * 0.02 * part
    stage.line(dark, (x, foot), (x, foot - unit * 0.08), unit * 0.008)
    stage.ellipses(
        grey, (x - unit * 0.05, foot - unit * 0.14, x + unit * 0.05, foot - unit * 0.06)
    )
    head = (x + unit * 0.055 + bow, foot - unit * 0.21 + bow)
    stage.line(grey, (x + unit * 0.03, foot - unit * 0.11), head, unit * 0.026)
    stage.line(dark, head, (head[0] + unit * 0.05, head[1] + unit * 0.01), unit * 0.008)


def _deer(stage: Stage, part: float) -> None:
    """Paint a deer that comes to drink."""
    x, foot, unit = stage.x(0.42 - 0.24 * part), stage.y(0.96), stage.unit
    fur = stage.light.on((96, 62, 36))
    stage.ellipses(fur, (x - unit * 0.10, foot - unit * 0.17, x + unit * 0.10, foot - unit * 0.08))
    for leg in (-0.08, -0.05, 0.05, 0.08):
        stage.line(fur, (x + leg * unit, foot), (x + leg * unit, foot - unit * 0.11), unit * 0.014)
    head = (x - unit * 0.14, foot - unit * 0.24)
    stage.line(fur, (x - unit * 0.08, foot - unit * 0.14), head, unit * 0.036)
    stage.line(fur, head, (head[0] - unit * 0.05, head[1] + unit * 0.02), unit * 0.03)


def _cloud(stage: Stage, part: float) -> None:
    """Darken a part of the picture by a quarter, with soft edges, as a cloud's shadow does."""
    shade = Image.new("L", (24, 24), 255)
    left = -14 + 38 * part
    ImageDraw.Draw(shade).ellipse((left, 2, left + 16, 22), fill=190)
    shade = shade.resize(stage.image.size, Image.Resampling.BICUBIC)
    stage.image.paste(ImageChops.multiply(stage.image, Image.merge("RGB", (shade,) * 3)))


#: Who comes, and when. The first half minute is for the board's start and its first photo.
PLAN = (
    Visit("somebody wades along the shore", 34, 40, _walker),
    Visit("a cloud passes", 46, 60, _cloud, moves=False),
    Visit("a heron stands in the water", 64, 69, _heron),
    Visit("a deer comes to drink", 82, 88, _deer),
)
END_S = 96


def visited(begin: datetime) -> Callable[[int, int, datetime], Image.Image]:
    """Return a scene that shows the landscape of `begin`, in which only PLAN moves."""
    still: dict[tuple[int, int], Image.Image] = {}

    def show(width: int, height: int, moment: datetime) -> Image.Image:
        stage = Stage(width, height, begin)
        if (width, height) not in still:
            landscape.paint_still(stage)
            still[width, height] = stage.image.copy()
        stage.image.paste(still[width, height])
        passed_s = (moment - begin).total_seconds()
        for visit in PLAN:
            if visit.start_s <= passed_s < visit.end_s:
                visit.paint(stage, (passed_s - visit.start_s) / (visit.end_s - visit.start_s))
        return landscape.add_grain(stage.image, passed_s)

    return show
