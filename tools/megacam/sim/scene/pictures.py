"""The user's own pictures as what the simulated camera sees."""

import itertools
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from PIL import Image, ImageOps

# What Pillow raises for a file that is no picture, a damaged picture, or one of absurd size.
_UNREADABLE = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)


class PicturesError(Exception):
    """The folder holds nothing to show; the message names the folder and the remedy."""


def photos(folder: Path | str) -> Callable[[int, int, datetime], Image.Image]:
    """Return a scene that shows the pictures in `folder` in turn, by name, again and again.

    Each is turned upright (EXIF), cropped about its middle to the wanted aspect and resized. Files
    that Pillow cannot read are skipped. Raises PicturesError if none can be read.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise PicturesError(f"photos: there is no folder {folder}; name one with pictures in it")
    files = [file for file in sorted(folder.iterdir()) if _is_picture(file)]
    nothing = PicturesError(
        f"photos: {folder} has no picture that can be read; put JPEG or PNG files there"
    )
    if not files:
        raise nothing
    turn = itertools.cycle(files)

    def show(width: int, height: int, _moment: datetime) -> Image.Image:
        for file in itertools.islice(turn, len(files)):
            try:
                return _fitted(file, width, height)
            except _UNREADABLE:
                continue
        raise nothing

    return show


def _is_picture(file: Path) -> bool:
    try:
        with Image.open(file) as picture:
            return picture.width > 0
    except _UNREADABLE:
        return False


def _fitted(file: Path, width: int, height: int) -> Image.Image:
    with Image.open(file) as picture:
        # Decode a huge JPEG (50 megapixels) at a reduced size, by the longer side if rotated.
        picture.draft("RGB", (max(width, height), max(width, height)))
        upright = ImageOps.exif_transpose(picture)
        return ImageOps.fit(upright.convert("RGB"), (width, height), Image.Resampling.LANCZOS)
