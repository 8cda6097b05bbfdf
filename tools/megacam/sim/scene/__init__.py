"""What the simulated camera sees: a lake in the mountains, drawn anew for every moment, or the
user's own pictures. Both are called with (width, height, moment) and return a Pillow image."""

from .landscape import draw
from .pictures import PicturesError, photos

__all__ = ["PicturesError", "draw", "photos"]
