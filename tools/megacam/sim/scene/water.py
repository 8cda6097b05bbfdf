"""The lake: the mirrored land beyond it, broken up by ripples, and a path of light."""

import math
import random

from PIL import Image

from .light import mix
from .sky import plane
from .stage import HORIZON, Stage, fade, stretch, texture


def paint_lake(stage: Stage) -> None:
    """Paint everything below the horizon as water that mirrors what is above it."""
    top = round(stage.y(HORIZON))
    size = stage.width, stage.height - top
    mirrored = stage.image.crop((0, round(top - size[1] * 1.25), stage.width, top))
    mirrored = mirrored.transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize(
        size, Image.Resampling.BILINEAR
    )
    lake = ripple(stage, mirrored)
    light = stage.light
    deep = light.on((22, 66, 84), 0.12)
    depth = fade(58, 84, 130, 172)
    lake.paste(deep, (0, 0), stretch(depth, size))
    _paint_waves(stage, lake)
    _paint_path(stage, lake)
    stage.image.paste(lake, (0, top))
    shore = mix(light.on((150, 170, 170), 0.5), light.sky[2], 0.3)
    stage.line(shore, (0, top), (stage.width, top), max(1.0, stage.unit * 0.0016))


def ripple(stage: Stage, image: Image.Image) -> Image.Image:
    """Return `image` ("RGB" or "L") with its rows moved sideways as small waves do."""
    width, height = image.size
    moved = image.copy()
    row, phase = 0, stage.seconds * 1.7
    while row < height:
        near = row / height
        thick = max(1, round(stage.unit * (0.0012 + 0.004 * near)))
        wave = math.sin(phase + row / stage.unit * 900) + math.sin(phase * 0.6 + row * 1.3)
        shift = round(stage.unit * (0.0006 + 0.0055 * near) * wave)
        strip = image.crop((0, row, width, min(height, row + thick)))
        moved.paste(strip, (shift, row))
        row += thick
    return moved


def _paint_waves(stage: Stage, lake: Image.Image) -> None:
    light = stage.light
    seen = _wave_field(stage, 320, lake.size)
    pale = mix(light.sky[1], (255, 255, 255), 0.25 * (1 - light.night))
    dark = light.on((10, 44, 66), 0.05)
    crests = seen.point([max(0, min(70, round((value - 132) * 1.5))) for value in range(256)])
    troughs = seen.point([max(0, min(80, round((124 - value) * 1.5))) for value in range(256)])
    lake.paste(pale, (0, 0), crests)
    lake.paste(dark, (0, 0), troughs)


def _wave_field(stage: Stage, width: int, size: tuple[int, int]) -> Image.Image:
    """Return noise that lies on the water, flat and farther away towards its upper edge."""
    noise = texture(53, ((32, 0.7), (64, 1.0), (128, 0.9)))
    small = width, round(width * size[1] / size[0])
    drift = stage.seconds * 2.3
    field = plane(noise, small, 260 + drift % 256, 20 + drift * 1.1 % 256, 90.0, 130.0)
    field = field.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    return field.resize(size, Image.Resampling.BICUBIC)


def _paint_path(stage: Stage, lake: Image.Image) -> None:
    """Paint the glittering path of light that leads to the sun or the moon."""
    light = stage.light
    low = max(0.0, min(1.0, (34 - light.altitude_deg) / 20))
    if light.altitude_deg > -3:
        x, colour, strength = light.sun[0], light.sun_colour(), 0.25 + 0.75 * low
    elif light.night > 0.3 and light.moon[1] < HORIZON:
        x, colour, strength = light.moon[0], (206, 216, 240), 0.75 * light.night
    else:
        return
    rng = random.Random(int(stage.seconds * 2))
    path = Stage(lake.size[0], stage.height, stage.moment)
    flashes = []
    for _ in range(420):
        near = rng.random() ** 1.5
        spread = stage.unit * (0.012 + 0.085 * near)
        cx = stage.x(x) + rng.gauss(0, 1) * spread
        cy = near * lake.size[1]
        half = stage.unit * (0.003 + 0.017 * near) * rng.uniform(0.4, 1.3)
        high = stage.unit * (0.0006 + 0.0016 * near)
        flashes.append((cx - half, cy - high, cx + half, cy + high))
    path.ellipses((255, 255, 255), *flashes)
    mask = path.image.getchannel("R").crop((0, 0, *lake.size))
    lake.paste(colour, (0, 0), mask.point([round(v * strength * 0.85) for v in range(256)]))
