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
    return _add_grain(stage)


def _add_grain(stage: Stage) -> Image.Image:
    """Return the picture with the noise of a small sensor, stronger in the dark."""
    rng = random.Random(stage.seconds)
    size = stage.image.size
    noise = Image.frombytes("RGB", size, rng.randbytes(3 * size[0] * size[1]))
    return Image.blend(stage.image, noise, 0.022 + 0.014 * stage.light.night)
