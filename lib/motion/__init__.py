"""See whether something moved, from small frames of a camera, in 1.9 KB of memory.

    camera.configure(format="rgb565", resolution="96x96")    # see arducam_mega
    motion = Motion()
    buf = bytearray(4092)
    while True:
        if motion.look(camera.capture(), buf) >= motion.threshold:
            print("something moved")
        time.sleep(2)

A look reduces the frame to 24x24 cells while it streams (reduce.py), compares the light of each
with that of its neighbours, so that clouds, dusk and automatic exposure hardly count, and then
with what that cell usually shows and how much it usually varies (compare.py). `make motion-score`
measures how much that finds.
"""

from array import array

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_SIDE = const(24)
_CELLS = const(576)
_BLANK = const(3)  # a frame with less between its darkest and its brightest cell shows nothing
_MOST_ODD = const(3)
_SPREAD = const(12)  # until the cell's own is known


class Motion:
    """What is usual in each cell of the picture.

    `mask` names the cells that do not count: 24 words of 24 marks from the upper left, where "x"
    masks a cell; empty: all cells count. From the score `threshold` on, something has moved. If
    more than 55 % of the cells have changed, only the light has: the score is 0, and the next
    frame is usual. `light` is the mean light of the last frame, 0 to 250. One with less than half
    of it, or more than double, shows nothing, for the camera may not have settled; but the fourth
    in a row does.
    """

    light = 0

    def __init__(self, mask=(), threshold=46):
        self.threshold = threshold
        self._mask = array("i", [_bits(word) for word in mask])
        self._cells = bytearray(_CELLS)
        self._usual = bytearray(_CELLS)
        self._spread = bytearray(_CELLS)
        self._sums = array("H", bytes(2 * _SIDE))
        self.forget()

    def look(self, frame, buf):
        """Return how much changed: 0 to 255, or -1 if the frame shows nothing.

        `frame` is an RGB565 frame of 96x96 pixels, high byte first, with readinto(); it is read
        through `buf`, of any even size. The score is the mean change of two neighbouring cells, in
        hundredths of what would be remarkable there; the larger of the two counts at most twice
        the smaller, and changes all over the frame count against it. Raises what `frame` raises;
        then nothing is learned.
        """
        from motion import reduce

        reduce.reduce(frame, buf, self._cells, self._sums)
        light = sum(self._cells) // _CELLS
        if max(self._cells) - min(self._cells) < _BLANK or self._is_odd(light):
            return -1
        self.light = light
        is_new = self._is_new
        self._is_new = False
        from motion import compare

        score = compare.compare(self, is_new)
        if score < 0:
            self.forget()
            return 0
        return 0 if is_new else score

    def _is_odd(self, light):
        if self._is_new or self.light <= 2 * light <= 4 * self.light:
            self._odd = 0
        elif self._odd < _MOST_ODD:
            self._odd += 1
            return True
        else:
            self.forget()
        return False

    def forget(self):
        """Take the next frame as usual, as at the start."""
        self._is_new = True
        self._odd = 0
        for i in range(_CELLS):
            self._spread[i] = _SPREAD


def _bits(word):
    bits = 0
    for mark in word:
        bits = bits << 1 | (mark == "x")
    return bits
