"""One picture of the lake, painted from the back to the front."""

import random
from datetime import datetime

from PIL import Image

from .foreground import paint_foreground
from .land import paint_land
from .movers import paint_balloons, paint_birds, paint_boat
from .sky import paint_sky
from .stage import Stage
from .village import paint_village
from .water import paint_lake


def draw(width: int, height: int, moment: datetime) -> Image.Image:
    """Return the landscape at `moment` in `width` x `height` pixels, RGB.

    The hour of `moment` is used as it is, whatever its time zone. The same arguments give the same
    picture, and every size and aspect ratio shows the same composition.
    """
    stage = Stage(width, height, moment)
    for paint in (
        paint_sky,
        paint_land,
        paint_balloons,
        paint_lake,
        paint_boat,
        paint_village,
        paint_birds,
        paint_foreground,
    ):
        paint(stage)
    return add_grain(stage.image, stage.seconds, stage.light.night)


def paint_still(stage: Stage) -> None:
    """Paint the landscape without anything that moves."""
    for paint in (paint_sky, paint_land, paint_lake, paint_village, paint_foreground):
        paint(stage)


def add_grain(image: Image.Image, seed: float, night: float = 0) -> Image.Image:
    """Return `image` with the noise of a small sensor, stronger in the dark (`night`, 0 to 1)."""
    rng = random.Random(seed)
    size = image.size
    noise = Image.frombytes("RGB", size, rng.randbytes(3 * size[0] * size[1]))
    return Image.blend(image, noise, 0.022 + 0.014 * night)
