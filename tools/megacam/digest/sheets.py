"""The pictures of an hour: sheets of thumbnails and a keogram. Pure, only Pillow.

Sheets are JPEGs of up to 120 thumbnails; the keogram has a column of pixels per 30 s of time.
"""

import io
import math

from PIL import Image

from megacam.gallery import pictures

CELL = (160, 120)
COLUMNS = 10
A_SHEET = 120
KEOGRAM_HEIGHT = 60
COLUMN_S = 30
HOUR_COLUMNS = 3600 // COLUMN_S
# About 4 KB a thumbnail; the camera's own pictures are no sharper at this size.
_QUALITY = 72
_STRIP_QUALITY = 82
# The middle tenth of a picture, averaged, so that a leaf does not decide a whole column.
_MIDDLE = 0.1
_EMPTY = (96, 96, 96)


class Sheets:
    """Thumbnails in the order of add(); finished sheets are kept as JPEGs."""

    def __init__(self) -> None:
        self.done: list[bytes] = []
        self._cells: list[Image.Image] = []

    def add(self, thumbnail: Image.Image) -> int:
        """Append a picture of the size CELL and return its number over all sheets."""
        number = len(self.done) * A_SHEET + len(self._cells)
        self._cells.append(thumbnail)
        if len(self._cells) == A_SHEET:
            self._finish()
        return number

    def close(self) -> list[bytes]:
        """Return all sheets."""
        if self._cells:
            self._finish()
        return self.done

    def _finish(self) -> None:
        rows = -(-len(self._cells) // COLUMNS)
        sheet = Image.new("RGB", (COLUMNS * CELL[0], rows * CELL[1]))
        for number, cell in enumerate(self._cells):
            sheet.paste(cell, place(number)[:2])
        self.done.append(jpeg(sheet, _QUALITY))
        self._cells = []


def place(cell: int) -> tuple[int, int, int, int]:
    """Return (left, top, right, bottom) of a cell in its sheet."""
    row, column = divmod(cell % A_SHEET, COLUMNS)
    left, top = column * CELL[0], row * CELL[1]
    return left, top, left + CELL[0], top + CELL[1]


def thumbnail(picture: Image.Image) -> Image.Image:
    """Return a copy of a picture in the size of a cell, with black bars if its shape differs."""
    small = picture.copy()
    small.thumbnail(CELL, Image.Resampling.LANCZOS)
    return pictures.fitted(small, CELL)


class Keogram:
    """The strip of an hour; a photo fills its column and those after it until the next photo.

    It fills them for at most `hold_s`, which is a little more than the camera's interval.
    """

    def __init__(self, hold_s: float = COLUMN_S) -> None:
        self._held = max(1, math.ceil(hold_s / COLUMN_S))
        self.strip = Image.new("RGB", (HOUR_COLUMNS, KEOGRAM_HEIGHT), _EMPTY)

    def add(self, second: float, picture: Image.Image) -> None:
        """Draw the middle of a picture that was taken `second` seconds after the hour began."""
        middle, half = picture.width / 2, max(0.5, picture.width * _MIDDLE / 2)
        box = (middle - half, 0, middle + half, picture.height)
        column = picture.resize((1, KEOGRAM_HEIGHT), Image.Resampling.BOX, box=box)
        first = int(second // COLUMN_S) % HOUR_COLUMNS
        self.strip.paste(column.resize((self._held, KEOGRAM_HEIGHT)), (first, 0))

    def jpeg(self) -> bytes:
        """Return the strip as a JPEG."""
        return jpeg(self.strip, _STRIP_QUALITY, sharp=True)


def join_keograms(seconds: float, strips: list[tuple[float, Image.Image]]) -> bytes:
    """Return the JPEG of a day of `seconds`, from (second of the day, strip of an hour)."""
    whole = Image.new("RGB", (round(seconds / COLUMN_S), KEOGRAM_HEIGHT), _EMPTY)
    for second, strip in strips:
        whole.paste(strip, (round(second / COLUMN_S), 0))
    return jpeg(whole, _STRIP_QUALITY, sharp=True)


def jpeg(picture: Image.Image, quality: int, *, sharp: bool = False) -> bytes:
    """Return a picture as a baseline JPEG; `sharp` keeps the full resolution of its colors."""
    made = io.BytesIO()
    picture.save(made, "JPEG", quality=quality, optimize=True, subsampling=0 if sharp else 2)
    return made.getvalue()
