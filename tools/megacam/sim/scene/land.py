"""The land beyond the lake: snow mountains, wooded hills, and the trees of every shore."""

import functools
import itertools
import random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from .light import Colour, Light, mix
from .stage import HORIZON, Point, Stage, fade, gradient, stretch, texture

# The outline of each range: (x, y) in parts of the picture, its roughness and seed.
_FAR_PEAKS = ((-0.05, 0.47), (0.08, 0.37), (0.20, 0.42), (0.33, 0.26), (0.44, 0.40), (0.52, 0.33))
_FAR_PEAKS += ((0.62, 0.45), (0.70, 0.40), (0.80, 0.51), (0.90, 0.47), (1.05, 0.38))
_NEAR_PEAKS = ((-0.05, 0.40), (0.10, 0.46), (0.22, 0.50), (0.40, 0.54), (0.55, 0.52))
_NEAR_PEAKS += ((0.66, 0.485), (0.78, 0.555), (0.90, 0.52), (1.05, 0.44))
_WOODS = ((-0.05, 0.53), (0.15, 0.545), (0.30, 0.57), (0.46, 0.572), (0.60, 0.555))
_WOODS += ((0.72, 0.575), (0.84, 0.585), (0.93, 0.56), (1.05, 0.53))
_SNOW_LINE = 0.425
_ALPS_SIZE = 1000, 360


def paint_land(stage: Stage) -> None:
    """Paint the ranges from the farthest to the far shore of the lake."""
    _paint_mountains(stage)
    _paint_range(stage, _NEAR_PEAKS, 0.006, 12, (64, 92, 82), 0.42)
    _paint_range(stage, _WOODS, 0.003, 13, (44, 78, 48), 0.16)
    _paint_conifers(stage)


def _paint_mountains(stage: Stage) -> None:
    outline = [(stage.x(x), stage.y(y)) for x, y in ridge(_FAR_PEAKS, 0.014, 11, 7)]
    foot = stage.y(HORIZON)
    outline += [(stage.x(1.05), foot), (stage.x(-0.05), foot)]
    light, top = stage.light, min(y for _, y in _FAR_PEAKS) - 0.01
    rock = light.on((122, 126, 138), 0.36), light.on((74, 86, 116), 0.40)
    snow = mix(light.on((250, 250, 255), 0.08), light.sun_colour(), 0.30 * (1 - light.night))
    blue = mix(light.on((150, 170, 214), 0.2), light.sky[0], 0.30 * (1 - light.night))
    snow, blue = (mix(colour, (112, 128, 172), 0.22 * light.night) for colour in (snow, blue))
    sunny, white = _sunny(light.sun[0] < 0.5, top), _snow(top)
    alps = Image.composite(_lit((snow, mix(blue, snow, 0.15)), sunny), _lit(rock, sunny), white)
    air = mix(light.on((132, 152, 164), 0.75), light.sky[2], 0.4)
    alps.paste(air, (0, 0), stretch(fade(30, 40, 90, 190, 235), alps.size))
    stage.fill(alps, outline)


def _lit(colours: tuple[Colour, Colour], sunny: Image.Image) -> Image.Image:
    bright, dark = (Image.new("RGB", sunny.size, colour) for colour in colours)
    return Image.composite(bright, dark, sunny)


@functools.cache
def _sunny(from_left: bool, top: float) -> Image.Image:
    """Return where the sun falls on the mountains ("L"): faces towards it, with folds."""
    width, height = _ALPS_SIZE
    faces = Image.new("L", _ALPS_SIZE, 92 if from_left else 164)
    pen = ImageDraw.Draw(faces)
    rng = random.Random(19)
    for index in range(len(_FAR_PEAKS)):
        x, y = _FAR_PEAKS[index]
        valley = _FAR_PEAKS[max(0, index - 1)]
        if y > valley[1]:
            continue
        crest = [(x, y)]
        while y < HORIZON:
            x, y = x + rng.uniform(-0.016, 0.028), y + rng.uniform(0.012, 0.03)
            crest.append((x, y))
        face = [*crest, (valley[0], HORIZON), (valley[0], 0), (_FAR_PEAKS[index][0], 0)]
        scaled = [(px * width, (py - top) / (HORIZON - top) * height) for px, py in face]
        pen.polygon(scaled, 164 if from_left else 92)
    folds = _folds(1 if from_left else -1)
    soft = faces.filter(ImageFilter.GaussianBlur(9))
    mixed = ImageChops.add(soft, folds, 1, -128)
    return mixed.point([max(0, min(255, round((value - 118) * 5))) for value in range(256)])


def _folds(side: int) -> Image.Image:
    grain = texture(41, ((8, 0.6), (16, 1.0), (32, 1.0), (64, 0.8), (128, 0.5)))
    shear = (0.55, 0.30 * side, 250, 0.0, 0.55, 256)
    seen = grain.transform(_ALPS_SIZE, Image.Transform.AFFINE, shear, Image.Resampling.BICUBIC)
    return seen.point([max(0, min(255, round(128 + (value - 128) * 1.7))) for value in range(256)])


@functools.cache
def _snow(top: float) -> Image.Image:
    """Return where snow lies on the mountains ("L"): high up, with a ragged lower edge."""
    width, height = _ALPS_SIZE
    line = (_SNOW_LINE - top) / (HORIZON - top)
    levels = bytes(max(0, min(255, round(128 + (line - y / height) * 420))) for y in range(height))
    high = Image.frombytes("L", (1, height), levels).resize((width, height))
    mixed = ImageChops.add(high, _folds(1), 1, -128)
    return mixed.point([max(0, min(255, round((value - 122) * 9))) for value in range(256)])


def _paint_range(
    stage: Stage,
    peaks: tuple[Point, ...],
    roughness: float,
    seed: int,
    colour: Colour,
    haze: float,
) -> None:
    light = stage.light
    top = light.on(colour, haze)
    foot = light.on(colour, min(1.0, haze + 0.30))
    outline = [(stage.x(x), stage.y(y)) for x, y in ridge(peaks, roughness, seed, 6)]
    outline += [(stage.x(1.05), stage.y(HORIZON) + 1), (stage.x(-0.05), stage.y(HORIZON) + 1)]
    stage.fill(gradient(top, mix(top, foot, 0.5), foot), outline)


def _paint_conifers(stage: Stage) -> None:
    """Paint the wood on the far shore: rows of conifers, the nearer the darker."""
    rng = random.Random(23)
    woods = ridge(_WOODS, 0.003, 13, 6)
    for row, haze in ((0.0, 0.26), (0.35, 0.18), (0.75, 0.10)):
        trees = []
        for _ in range(170):
            x, y = woods[rng.randrange(len(woods))]
            x += rng.uniform(-0.01, 0.01)
            foot = y + (HORIZON - y) * row + 0.012
            high = rng.uniform(0.016, 0.034)
            trees += conifer(stage.x(x), stage.y(min(foot, HORIZON)), stage.unit * high)
        green = stage.light.on((30, 62, 44), haze)
        stage.fill(green, *trees)


def conifer(x: float, foot: float, height: float) -> list[list[Point]]:
    """Return the polygons of a conifer that stands at (x, foot), all in pixels."""
    tiers = []
    for tier in range(3):
        top = foot - height * (1 - 0.24 * tier)
        low = foot - height * (0.52 - 0.26 * tier)
        half = height * (0.13 + 0.055 * tier)
        tiers.append([(x, top), (x + half, low), (x - half, low)])
    return tiers


def paint_tree(stage: Stage, foot: Point, height: float, seed: int, green: Colour) -> None:
    """Paint a broad-leaved tree: `foot` and `height` in pixels, `green` in full daylight."""
    rng = random.Random(seed)
    light: Light = stage.light
    x, y = foot
    trunk = light.on((86, 66, 50))
    wide = height * 0.035
    stage.fill(trunk, [(x - wide, y), (x - wide / 2, y - height * 0.5), (x + wide, y)])
    sun = 1 if light.sun[0] > x / stage.width else -1
    leaves = [
        (max(-0.3, min(0.3, rng.gauss(0, 0.16))), rng.gauss(0.64, 0.14), rng.uniform(0.07, 0.12))
        for _ in range(46)
    ]
    for part, dx, dy in ((0.62, 0.0, 0.0), (0.86, 0.035, 0.03), (1.12, 0.075, 0.07)):
        blobs = []
        for across, up, radius in leaves:
            r = height * radius * (1.25 - 0.55 * part)
            cx, cy = x + height * (across + dx * sun), y - height * (min(up, 0.88) + dy)
            blobs.append((cx - r, cy - r * 0.9, cx + r, cy + r * 0.9))
        tone = light.on(mix((0, 0, 0), green, min(1.0, part)))
        if part > 1:
            tone = mix(tone, light.sun_colour(), 0.16 * (1 - light.night))
        stage.ellipses(tone, *blobs)


@functools.cache
def ridge(peaks: tuple[Point, ...], roughness: float, seed: int, depth: int) -> list[Point]:
    """Return an outline through `peaks`, broken up `depth` times by midpoint displacement."""
    rng = random.Random(seed)
    points = list(peaks)
    for _ in range(depth):
        broken = [points[0]]
        for before, after in itertools.pairwise(points):
            middle = (before[1] + after[1]) / 2 + rng.uniform(-roughness, roughness)
            broken += [((before[0] + after[0]) / 2, middle), after]
        points = broken
        roughness *= 0.55
    return points
