"""What the simulated camera sees: a drawn lake in the mountains, or the user's own pictures.

All are called with (width, height, moment) and return a Pillow image. The lake is drawn for every
moment.
"""

from .landscape import draw
from .pictures import PicturesError, photos
from .visits import visited

__all__ = ["PicturesError", "draw", "photos", "visited"]
