"""The camera's own method, and the two usual ones, on the same frames.

Each is called with one look after the other and returns its score: how sure it is that something
moved, -1 for "only the light has changed".
"""

import io

from megacam.sim.frame_pictures import rgb565
from motion import Motion
from PIL import Image, ImageChops

_BUFFER_BYTES = 4092
_DIFFERENT = 15  # steps of 255, as in the firmware most used for ESP32 cameras
_QUALITY = 80


class Cells:
    """lib/motion, as the board runs it: on the bytes of the frame, through the board's buffer."""

    name = "24x24 cells (lib/motion)"

    def __init__(self):
        self._motion = Motion()
        self._buf = bytearray(_BUFFER_BYTES)
        self.own = self._motion.threshold

    def score(self, image: Image.Image) -> float:
        """Return the score of the next look."""
        return self._motion.look(io.BytesIO(rgb565(image)), self._buf)


class Pixels:
    """The part of the pixels, in percent, that differ from the frame before."""

    name = "pixel difference"
    own = None

    def __init__(self):
        self._before: Image.Image | None = None

    def score(self, image: Image.Image) -> float:
        """Return the score of the next look."""
        grey = image.convert("L")
        before, self._before = self._before or grey, grey
        counts = ImageChops.difference(grey, before).histogram()
        return 100 * sum(counts[_DIFFERENT + 1 :]) / sum(counts)


class Sizes:
    """How much the size of the JPEG differs from the one before, in percent."""

    name = "JPEG size"
    own = None

    def __init__(self):
        self._before = 0

    def score(self, image: Image.Image) -> float:
        """Return the score of the next look."""
        out = io.BytesIO()
        image.save(out, "JPEG", quality=_QUALITY)
        size = len(out.getvalue())
        before, self._before = self._before or size, size
        return 100 * abs(size - before) / before


METHODS = (Cells, Pixels, Sizes)
