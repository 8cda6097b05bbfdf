"""The sky: its colours, stars, moon, sun, and clouds that drift."""

import math
import random

from PIL import Image, ImageChops

from .light import Colour, mix
from .stage import HORIZON, Stage, fade, gradient, stretch, texture

_STARS = 420
# The clouds are drawn small and enlarged, because they have no sharp edges that would show it.
_CLOUD_WIDTH = 400
_CLOUD_DRIFT_PER_S = 0.03
_CLOUD_EDGE = 136  # noise above this level is a cloud


def paint_sky(stage: Stage) -> None:
    """Paint everything above the horizon that is not land."""
    light = stage.light
    height = round(stage.y(HORIZON)) + 1
    top, middle, low = light.sky
    colours = gradient(top, mix(top, middle, 0.45), middle, mix(middle, low, 0.6), low)
    stage.image.paste(stretch(colours, (stage.width, height)), (0, 0))
    _paint_sunshine(stage)
    if light.night > 0.3:
        _paint_stars(stage)
    _paint_moon(stage)
    _paint_sun(stage)
    _paint_clouds(stage, height)


def _paint_sunshine(stage: Stage) -> None:
    light = stage.light
    x, y = light.sun
    centre = stage.x(x), stage.y(min(y, HORIZON + 0.02))
    if light.gold:
        warm = mix(light.sky[2], (255, 120, 60), 0.35)
        stage.glow(warm, centre, stage.unit * 1.1, 0.75 * light.gold)
    if light.altitude_deg > -4:
        stage.glow(light.sun_colour(), centre, stage.unit * 0.42, 0.7)


def _paint_sun(stage: Stage) -> None:
    light = stage.light
    if light.altitude_deg < -2:
        return
    x, y = stage.x(light.sun[0]), stage.y(light.sun[1])
    radius = stage.unit * 0.024
    stage.glow((255, 248, 224), (x, y), radius * 4, 0.9)
    stage.ellipses((255, 252, 240), (x - radius, y - radius, x + radius, y + radius))


def _paint_stars(stage: Stage) -> None:
    rng = random.Random(5)
    turn = stage.seconds / 86400 * 2 * math.pi
    pole = 0.62, 0.10
    sizes: dict[int, list[tuple[float, float, float, float]]] = {1: [], 2: [], 3: []}
    for _ in range(_STARS):
        angle, distance = rng.uniform(0, 2 * math.pi) + turn, 1.1 * rng.random() ** 0.5
        x = stage.x(pole[0]) + stage.unit * distance * math.cos(angle)
        y = stage.y(pole[1]) + stage.unit * distance * math.sin(angle)
        magnitude = 1 + (rng.random() > 0.62) + (rng.random() > 0.9)
        if 0 <= x < stage.width and 0 <= y < stage.y(HORIZON - 0.05):
            radius = stage.unit * 0.00045 * (1 + magnitude)
            sizes[magnitude].append((x - radius, y - radius, x + radius, y + radius))
    for magnitude, stars in sizes.items():
        if stars:
            strength = stage.light.night * (0.25 + 0.25 * magnitude)
            stage.ellipses((246, 244, 255), *stars, strength=strength)


def _paint_moon(stage: Stage) -> None:
    x, y = stage.x(stage.light.moon[0]), stage.y(stage.light.moon[1])
    if stage.light.night < 0.2 or y > stage.y(HORIZON):
        return
    night = stage.light.night
    radius = stage.unit * 0.026
    stage.glow((150, 170, 214), (x, y), stage.unit * 0.30, 0.55 * night)
    stage.glow((226, 232, 250), (x, y), radius * 2.6, 0.8 * night)
    stage.ellipses((246, 244, 232), (x - radius, y - radius, x + radius, y + radius))
    for dx, dy, size in ((-0.3, -0.25, 0.30), (0.25, 0.1, 0.22), (-0.1, 0.42, 0.20)):
        spot = (x + dx * radius, y + dy * radius, size * radius)
        box = (spot[0] - spot[2], spot[1] - spot[2], spot[0] + spot[2], spot[1] + spot[2])
        stage.ellipses((214, 212, 208), box, strength=0.8)


def _paint_clouds(stage: Stage, height: int) -> None:
    size = _CLOUD_WIDTH, round(_CLOUD_WIDTH * height / stage.width)
    thickness = _cloud_thickness(stage, size, 0)
    towards_sun = _cloud_thickness(stage, size, 1.6 if stage.light.sun[0] > 0.5 else -1.6)
    lit = ImageChops.subtract(thickness, towards_sun, 1, 128)
    core = thickness.point([max(0, min(255, (value - 150) * 2)) for value in range(256)])
    lit = ImageChops.subtract(_contrast(lit, 128, 9, 165), core)
    bright, dark = (Image.new("RGB", size, colour) for colour in _cloud_colours(stage))
    tones = Image.composite(bright, dark, lit)
    opacity = 1.0 - 0.55 * stage.light.night
    mask = _contrast(thickness, _CLOUD_EDGE, 7.5 * opacity, 0)
    mask = mask.point([min(value, round(250 * opacity)) for value in range(256)])
    mask = ImageChops.multiply(mask, stretch(fade(255, 255, 225, 60), size))
    full = stage.width, height
    stage.image.paste(
        tones.resize(full, Image.Resampling.BILINEAR),
        (0, 0),
        mask.resize(full, Image.Resampling.BICUBIC),
    )


def _contrast(image: Image.Image, level: float, gain: float, base: float) -> Image.Image:
    table = [max(0, min(255, round(base + (value - level) * gain))) for value in range(256)]
    return image.point(table)


def _cloud_thickness(stage: Stage, size: tuple[int, int], sideways: float) -> Image.Image:
    noise = texture(31, ((4, 1.0), (8, 0.7), (16, 0.42), (32, 0.26), (64, 0.15), (128, 0.08)))
    drift = (stage.seconds * _CLOUD_DRIFT_PER_S) % 256 + 250 + sideways
    return plane(noise, size, drift, 40.0 + abs(sideways), 110.0, 62.0)


def plane(
    noise: Image.Image, size: tuple[int, int], x: float, y: float, across: float, deep: float
) -> Image.Image:
    """Return `noise` as a flat ceiling that recedes to the lower edge of a picture of `size`.

    `x` and `y` move it; `across` is how many pixels of the texture span the picture's width,
    `deep` how many span its height, both at the upper edge.
    """
    width, height = size
    vanishing = height * 1.16
    wide = across / width
    steps = (wide, -x / vanishing, x - wide * width / 2, 0.0, -y / vanishing, y + deep)
    return noise.transform(
        size,
        Image.Transform.PERSPECTIVE,
        (*steps, 0.0, -1 / vanishing),
        Image.Resampling.BICUBIC,
    )


def _cloud_colours(stage: Stage) -> tuple[Colour, Colour]:
    light = stage.light
    bright = mix(mix((255, 255, 255), light.sun_colour(), 0.75 * light.gold), light.sky[1], 0.06)
    dark = mix(light.sky[1], light.on((196, 204, 218)), 0.6)
    if light.gold:
        bright = mix(bright, (255, 176, 128), 0.45 * light.gold)
        dark = mix(dark, (150, 112, 142), 0.5 * light.gold)
    return mix(bright, mix(light.sky[2], (84, 96, 130), 0.6), light.night), mix(
        dark, light.sky[1], light.night
    )
