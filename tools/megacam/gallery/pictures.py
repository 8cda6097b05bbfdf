"""Decode photos and fit them into a shape; used by thumbnails, time-lapses and the digest."""

import io

from PIL import Image

from megacam.gallery import baseline
from megacam.gallery.refusals import PhotoMissingError


def open_photo(data: bytes, width: int) -> Image.Image:
    """Decode a JPEG to RGB, shrunk to `width` while decoding.

    A file that passes baseline.check() decodes in under a second, so no timeout is needed. Raises
    PhotoMissingError for a damaged file.
    """
    baseline.check(data)
    try:
        picture = Image.open(io.BytesIO(data), formats=("JPEG",))
        width = min(width, picture.width)
        height = max(1, round(picture.height * width / picture.width))
        picture.draft("RGB", (width, height))
        return picture.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
    except (OSError, ValueError, SyntaxError) as error:
        raise PhotoMissingError(f"the photo is damaged: {error}") from error


def even(size: tuple[int, int]) -> tuple[int, int]:
    """Return `size` with even sides, which H.264 with 4:2:0 color needs."""
    return max(2, size[0] // 2 * 2), max(2, size[1] // 2 * 2)


def fitted(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return `picture` in the given size, with black bars if its shape differs."""
    if picture.size == size:
        return picture
    if abs(picture.width - size[0]) <= 1 and abs(picture.height - size[1]) <= 1:
        return picture.crop((0, 0, *size))
    canvas = Image.new("RGB", size)
    picture.thumbnail(size)
    canvas.paste(picture, ((size[0] - picture.width) // 2, (size[1] - picture.height) // 2))
    return canvas
