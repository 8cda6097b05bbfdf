"""What the camera sees: two still places, their light, the sensor's noise, and figures."""

import functools
import math
import random
from datetime import datetime, timedelta

from megacam.sim.scene import landscape
from megacam.sim.scene.stage import Stage
from PIL import Image, ImageChops, ImageDraw

SIDE = 96
_FINE = 4  # figures are drawn this many times larger, so that their edges are soft
_DAY = datetime(2026, 7, 14)
_NOISE_SIDE = 512
_NOISE_SIGMA = 24
_CLOTHES = (
    (24, 26, 34),
    (44, 52, 78),
    (70, 48, 40),
    (196, 60, 48),
    (226, 216, 200),
    (240, 240, 244),
)
_FUR = ((38, 30, 26), (112, 80, 52), (226, 220, 210))


@functools.cache
def lake(quarter: int) -> Image.Image:
    """Return the demo's landscape without anything that moves, at a quarter of an hour's light."""
    stage = Stage(4 * SIDE, 3 * SIDE, _DAY + timedelta(minutes=15 * quarter))
    stage.seconds = 43_200.0  # clouds, water and reeds stand still
    landscape.paint_still(stage)
    return stage.image.resize((SIDE, SIDE), Image.Resampling.BOX)


@functools.cache
def room() -> Image.Image:
    """Return a room: a wall, a floor, a window, a shelf with books, a table."""
    rng = random.Random(7)
    image = Image.new("RGB", (4 * SIDE, 3 * SIDE), (176, 168, 150))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 196, 384, 288), fill=(116, 88, 62))
    for y in range(196, 288, 14):
        draw.line((0, y, 384, y), fill=(98, 72, 50))
    draw.rectangle((36, 30, 130, 124), fill=(214, 222, 226), outline=(236, 234, 228), width=6)
    draw.line((83, 30, 83, 124), fill=(236, 234, 228), width=5)
    for shelf in range(3):
        top = 40 + 44 * shelf
        draw.rectangle((220, top, 360, top + 42), fill=(88, 62, 44))
        x = 224
        while x < 350:
            wide = rng.randint(5, 12)
            colour = tuple(rng.randint(40, 210) for _ in range(3))
            draw.rectangle((x, top + rng.randint(4, 14), x + wide - 1, top + 38), fill=colour)
            x += wide
    draw.polygon(((90, 190), (250, 190), (278, 226), (62, 226)), fill=(140, 104, 70))  # a table
    for x in (70, 262):
        draw.rectangle((x, 226, x + 10, 284), fill=(90, 64, 42))
    draw.rectangle((140, 166, 172, 200), fill=(58, 90, 120))
    return image.resize((SIDE, SIDE), Image.Resampling.BOX)


def dim(image: Image.Image, light: float) -> Image.Image:
    """Return `image` in `light` times the light."""
    return image.point([min(255, round(v * light)) for v in range(256)] * 3)


def shade(image: Image.Image, shadow: Image.Image) -> Image.Image:
    """Return `image` with the light of the map `shadow` ("L"); 255 leaves it as it is."""
    return ImageChops.multiply(image, Image.merge("RGB", (shadow,) * 3))


def cloud(rng: random.Random, depth: float) -> Image.Image:
    """Return the map of a cloud's shadow with soft edges somewhere over the picture."""
    coarse = Image.new("L", (12, 12), 255)
    x, y = rng.uniform(-4, 12), rng.uniform(-4, 12)
    box = (x, y, x + rng.uniform(4, 12), y + rng.uniform(3, 8))
    ImageDraw.Draw(coarse).ellipse(box, fill=round(255 * (1 - depth)))
    return coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC)


def flicker(rng: random.Random, depth: float) -> Image.Image:
    """Return the map of the bands that mains light leaves with a rolling shutter."""
    phase, bands = rng.random() * 2 * math.pi, rng.uniform(0.8, 3)
    rows = [
        round(255 * (1 - depth + depth * math.sin(phase + 2 * math.pi * bands * y / SIDE)))
        for y in range(SIDE)
    ]
    return Image.frombytes("L", (1, SIDE), bytes(rows)).resize((SIDE, SIDE))


def lamp(image: Image.Image, x: float, y: float, strength: float) -> Image.Image:
    """Return `image` with a lamp at (x, y) that is on: more light, less of it far away."""
    half = SIDE // 2
    squares = [(2 * (i % half) - x) ** 2 + (2 * (i // half) - y) ** 2 for i in range(half * half)]
    values = bytes(min(255, round(255 * strength / (1 + far / 1800))) for far in squares)
    falloff = Image.frombytes("L", (half, half), values)
    more = shade(image, falloff.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    return ImageChops.add(image, more)


def rain(image: Image.Image, rng: random.Random) -> Image.Image:
    """Return `image` through rain: paler, with some forty bright streaks."""
    image = Image.blend(image, Image.new("RGB", image.size, (150, 154, 160)), 0.15)
    streaks = Image.new("L", (2 * SIDE, 2 * SIDE))
    draw = ImageDraw.Draw(streaks)
    for _ in range(rng.randint(30, 50)):
        x, y, long = rng.uniform(0, 2 * SIDE), rng.uniform(-20, 2 * SIDE), rng.uniform(6, 22)
        draw.line((x, y, x + long * 0.15, y + long), fill=rng.randint(40, 110))
    mask = streaks.resize(image.size, Image.Resampling.BOX)
    return Image.composite(Image.new("RGB", image.size, (214, 218, 224)), image, mask)


@functools.cache
def _noise_field() -> Image.Image:
    rng = random.Random(1)
    values = [rng.gauss(128, _NOISE_SIGMA) for _ in range(_NOISE_SIDE * _NOISE_SIDE)]
    data = bytes(max(0, min(255, round(value))) for value in values)
    return Image.frombytes("L", (_NOISE_SIDE, _NOISE_SIDE), data)


@functools.cache
def _noise(sigma: float) -> Image.Image:
    part = sigma / _NOISE_SIGMA
    return _noise_field().point([round(128 + (v - 128) * part) for v in range(256)])


def add_noise(image: Image.Image, rng: random.Random, sigma: float) -> Image.Image:
    """Return `image` with the sensor's noise, a standard deviation of `sigma` steps of 255."""
    field = _noise(sigma)
    bands = []
    for _ in range(3):
        x, y = rng.randrange(_NOISE_SIDE - SIDE), rng.randrange(_NOISE_SIDE - SIDE)
        bands.append(field.crop((x, y, x + SIDE, y + SIDE)))
    return ImageChops.add(image, Image.merge("RGB", bands), 1, -128)


class Figure:
    """Somebody in trousers and jacket, or an animal, that covers `share` of the picture."""

    def __init__(self, rng: random.Random, share: float):
        self._is_person = rng.random() < 0.6
        # Width to height in a picture squeezed to a square, and how much of that is filled.
        ratio, filled = (0.36, 0.96) if self._is_person else (1.3, 0.785)
        self.height = math.sqrt(share * SIDE * SIDE / ratio / filled)
        self.width = self.height * ratio
        self.x = rng.uniform(0, SIDE - self.width)
        self.y = rng.uniform(min(30, SIDE - self.height), SIDE - self.height)
        tones = _CLOTHES if self._is_person else _FUR
        self._tones = rng.choice(tones), rng.choice(tones)

    def paint(self, image: Image.Image, light: float, moved: float = 0) -> Image.Image:
        """Return `image` with the figure, `moved` pixels from its place, in `light`."""
        fine = Image.new("L", (SIDE * _FINE, SIDE * _FINE))
        dress = Image.new("RGB", (SIDE, SIDE), self._lit(0, light))
        left, top = (self.x + moved) * _FINE, self.y * _FINE
        box = (left, top, left + self.width * _FINE, top + self.height * _FINE)
        draw = ImageDraw.Draw(fine)
        if self._is_person:
            draw.rounded_rectangle(box, radius=self.width * _FINE * 0.3, fill=255)
            waist = round(self.y + self.height / 2)
            dress.paste(self._lit(1, light), (0, waist, SIDE, SIDE))
        else:
            draw.ellipse(box, fill=255)
        return Image.composite(dress, image, fine.resize((SIDE, SIDE), Image.Resampling.BOX))

    def _lit(self, index: int, light: float) -> tuple[int, int, int]:
        red, green, blue = (min(255, round(v * light)) for v in self._tones[index])
        return red, green, blue
