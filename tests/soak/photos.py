"""Small real JPEGs for the camera model, each of them different."""

import hashlib
import io
import random
import struct
from collections.abc import Callable

from megacam.sim.frame_sources import Shot
from PIL import Image, ImageDraw

SIZE = (320, 240)
_VARIANTS = 24


class Photos:
    """A picture source (see frame_sources.py); it calls `on_photo` with each SHA-256 and its time.

    A JPEG comment makes each photo different.
    """

    def __init__(self, seed: int, on_photo: Callable[[str, int], None]):
        rng = random.Random(seed)
        self._pictures = {
            (size): [_picture(rng, size) for _ in range(_VARIANTS)] for size in (SIZE, (640, 480))
        }
        self._on_photo = on_photo
        self._number = 0

    def __call__(self, width: int, height: int, format: str, quality: str, shot: Shot) -> bytes:
        self._number += 1
        pictures = self._pictures[width, height]
        comment = f"photo {self._number:010}".encode()
        segment = b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment
        picture = pictures[self._number % _VARIANTS]
        photo = picture[:2] + segment + picture[2:]
        self._on_photo(hashlib.sha256(photo).hexdigest(), shot.time_us)
        return photo


def _picture(rng: random.Random, size: tuple[int, int]) -> bytes:
    image = Image.new("RGB", size, (rng.randrange(256), 120, 180))
    draw = ImageDraw.Draw(image)
    for _ in range(rng.randint(6, 16)):
        x, y = rng.randrange(size[0]), rng.randrange(size[1])
        draw.ellipse((x, y, x + 40, y + 30), fill=(rng.randrange(256), rng.randrange(256), 80))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=60)
    return out.getvalue()
