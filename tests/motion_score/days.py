"""Generated days: a still place in changing light, and figures that come into it."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from motion_score import pictures

SHARES = (0.005, 0.01, 0.02, 0.05)
KINDS = ("still", "room", "flicker", "clouds", "dusk", "rain")
#: Days without a figure, in which a lamp is switched on and off, and one with many clouds.
LIGHTS = ("lamp", "clouds")

_NOON = 44  # quarters of an hour after midnight
_SUNSET = 72
_QUARTER = 24  # looks in which a quarter of an hour of dusk passes
_SLOW = 6  # looks that a slow figure is seen, a quarter of its width further each time
_PAUSE = 5  # looks from one figure to the next
_LAMP = 4  # looks after which the lamp is switched


@dataclass
class Look:
    """One frame of 96x96 pixels; a figure covers `share` of it, 0: there is none."""

    image: Image.Image
    share: float = 0
    is_slow: bool = False


class Day:
    """A place in one kind of weather; the same arguments give the same frames."""

    def __init__(self, kind: str, seed: int):
        self._kind = kind
        self.rng = random.Random(f"{kind} {seed}")
        self._sigma = self.rng.uniform(3, 5)
        self._lamp = (0.0, 0.0, 0.0)
        self._count = 0

    def look(self, figure: pictures.Figure | None = None, moved: float = 0) -> Image.Image:
        """Return the next frame, with `figure` in it if there is one."""
        image, light = self._place(self._count)
        self._count += 1
        if figure:
            image = figure.paint(image, light, moved)
        image = pictures.dim(self._weather(image), self.rng.uniform(0.98, 1.02))
        return pictures.add_noise(image, self.rng, self._sigma)

    def _place(self, i: int) -> tuple[Image.Image, float]:
        """Return the still picture number `i` and the light that falls on a figure in it."""
        if self._kind == "lamp":
            return self._lit_room(i), 0.5
        if self._kind in ("room", "flicker"):
            return pictures.room(), 1.0
        if self._kind != "dusk":
            return pictures.lake(_NOON), 1.0
        quarter, part = divmod(i, _QUARTER)
        pair = pictures.lake(_SUNSET + quarter), pictures.lake(_SUNSET + quarter + 1)
        image = Image.blend(*pair, part / _QUARTER)
        mean = image.convert("L").resize((1, 1), Image.Resampling.BOX).tobytes()[0]
        return image, max(0.12, mean / 130)

    def _lit_room(self, i: int) -> Image.Image:
        rng = self.rng
        if i % (2 * _LAMP) == 0:
            self._lamp = rng.uniform(0, 96), rng.uniform(-20, 60), rng.uniform(0.3, 1.0)
        image = pictures.dim(pictures.room(), 0.45)
        return pictures.lamp(image, *self._lamp) if i // _LAMP % 2 else image

    def _weather(self, image: Image.Image) -> Image.Image:
        rng = self.rng
        if self._kind == "clouds":
            for _ in range(rng.choice((0, 1, 1, 2))):
                image = pictures.shade(image, pictures.cloud(rng, rng.uniform(0.1, 0.3)))
        elif self._kind == "flicker":
            image = pictures.shade(image, pictures.flicker(rng, 0.03))
        elif self._kind == "rain":
            image = pictures.rain(image, rng)
        return image


def looks(kind: str, seed: int, figures: int, quiet: int) -> Iterator[Look]:
    """Yield a day: `quiet` still looks, then `figures` fast and slow ones of each share."""
    day = Day(kind, seed)
    for _ in range(quiet):
        yield Look(day.look())
    order = [(share, is_slow) for share in SHARES for is_slow in (False, True)] * figures
    day.rng.shuffle(order)
    for share, is_slow in order:
        figure = pictures.Figure(day.rng, share)
        step = figure.width / 4 * (1 if figure.x < pictures.SIDE / 3 else -1)
        for n in range(_SLOW if is_slow else 1):
            yield Look(day.look(figure, step * n), share, is_slow)
        for _ in range(_PAUSE):
            yield Look(day.look())
