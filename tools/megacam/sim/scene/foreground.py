"""The near shore: a jetty with a lantern, reeds and grass that sway."""

import math
import random

from .light import mix
from .stage import Point, Stage, gradient

_LAMP = (255, 206, 120)


def paint_foreground(stage: Stage) -> None:
    """Paint what is closest to the camera, at the lower edge."""
    _paint_jetty(stage)
    _paint_meadow(stage)
    _paint_reeds(stage, 0.02, 0.20, 60, 61)
    _paint_reeds(stage, 0.93, 0.09, 46, 62)


def _paint_jetty(stage: Stage) -> None:
    light = stage.light
    near = (0.70, 0.86, 1.02)
    far = (0.655, 0.700, 0.835)

    def at(depth: float, side: float) -> Point:
        ease = depth / (depth + (1 - depth) * 2.1)
        left = near[0] + (far[0] - near[0]) * ease
        right = near[1] + (far[1] - near[1]) * ease
        return stage.x(left + (right - left) * side), stage.y(near[2] + (far[2] - near[2]) * ease)

    shadow = light.on((20, 40, 48))
    drop = stage.unit * 0.012
    stage.fill(
        shadow, [(x, y + drop) for x, y in (at(0, 0), at(1, 0), at(1, 1), at(0, 1))], strength=0.6
    )
    for plank in range(26):
        a, b = plank / 26, (plank + 0.86) / 26
        tone = light.on(mix((170, 140, 106), (120, 92, 70), (plank * 7 % 5) / 4))
        stage.fill(tone, [at(a, 0), at(a, 1), at(b, 1), at(b, 0)])
    for depth, side in ((0.30, 0), (0.30, 1), (0.66, 0), (0.66, 1), (1.0, 0), (1.0, 1)):
        x, y = at(depth, side)
        size = stage.unit * (0.011 - 0.006 * depth)
        post = [(x - size, y - size * 5), (x + size, y - size * 5), (x + size, y + size * 5)]
        stage.fill(light.on((92, 70, 56)), [*post, (x - size, y + size * 5)])
    _paint_lantern(stage, at(1.0, 1))


def _paint_lantern(stage: Stage, foot: Point) -> None:
    light, unit, (x, y) = stage.light, stage.unit, foot
    top = y - unit * 0.105
    stage.line(light.on((58, 50, 50)), (x, y), (x, top), unit * 0.0045)
    lamp = (x, top - unit * 0.008)
    glass = mix(light.on((226, 226, 214)), _LAMP, max(light.lamps, 0.25))
    half, high = unit * 0.0075, unit * 0.012
    if light.lamps > 0.15:
        stage.glow(_LAMP, lamp, unit * 0.17, 0.55 * light.lamps)
        stage.glow(_LAMP, (x, y + unit * 0.05), unit * 0.12, 0.30 * light.lamps)
    stage.fill(
        glass,
        [
            (x - half, top - high * 1.5),
            (x + half, top - high * 1.5),
            (x + half * 0.7, top),
            (x - half * 0.7, top),
        ],
    )
    cap = top - high * 1.5
    stage.fill(
        light.on((58, 50, 50)),
        [(x - half * 1.4, cap), (x + half * 1.4, cap), (x, cap - high * 0.8)],
    )


def _paint_meadow(stage: Stage) -> None:
    light = stage.light
    for left, right, high, seed in ((-0.02, 0.50, 0.075, 3), (0.84, 1.02, 0.060, 4)):
        rng = random.Random(seed)
        outline = [(stage.x(left), stage.y(1))]
        for step in range(33):
            part = step / 32
            rise = math.sin(math.pi * (0.5 + 0.5 * part if left < 0 else 0.5 * part))
            y = stage.y(1.005 - high * rise) - stage.unit * rng.uniform(0, 0.006)
            outline.append((stage.x(left + (right - left) * part), y))
        outline.append((stage.x(right), stage.y(1)))
        grass = light.on((96, 128, 58)), light.on((44, 70, 38))
        stage.fill(gradient(*grass), outline)


def _paint_reeds(stage: Stage, middle: float, spread: float, count: int, seed: int) -> None:
    rng = random.Random(seed)
    wind = math.sin(stage.seconds / 2.3)
    for tone in ((38, 66, 40), (62, 96, 46), (104, 132, 62)):
        blades = []
        for _ in range(count):
            x = stage.x(middle + rng.gauss(0, 0.5) * spread)
            high = (
                stage.unit
                * rng.uniform(0.06, 0.21)
                * math.exp(-(((x / stage.width - middle) / spread) ** 2))
            )
            bend = stage.unit * (rng.uniform(-0.030, 0.034) + 0.007 * wind)
            wide = stage.unit * 0.0032
            foot = stage.height + 1
            tip = x + bend, foot - high - stage.unit * 0.03
            blades.append(
                [(x - wide, foot), (x + bend * 0.3, foot - high * 0.6), tip, (x + wide, foot)]
            )
        stage.fill(stage.light.on(tone), *blades)
