"""Reduce a frame of 96x96 pixels to 24x24 cells while it streams; part of motion.

A plain loop: native code (viper) takes a twentieth of its instructions, but the ESP32 never frees
native code before the next restart, so it could not be loaded for each look.
"""

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_SIDE = const(24)
_PIXELS = const(4)  # of a cell, across and down
_SHRINK = const(6)  # 16 pixels of at most 31 + 63 have a sum of at most 1,504: into a byte


def reduce(frame, buf, cells, sums):
    """Read `frame` through `buf` and write the light of each cell, 0 to 250, into `cells`.

    `frame` is an RGB565 frame of 96x96 pixels, high byte first (18,432 bytes), with readinto().
    Blocks of `buf`, of any even size, may end anywhere in a row. `cells` has 576 bytes, row by
    row; `sums` is scratch for 24 numbers of 16 bits (an array "H"). Allocates nothing.
    """
    for x in range(_SIDE):
        sums[x] = 0
    x = row = at = total = 0
    left = _PIXELS
    count = frame.readinto(buf)
    while count:
        for i in range(0, count, 2):
            # The sum of red and green is the light, but for blue, as the eye sees it.
            high = buf[i]
            total += (high >> 3) + ((high & 7) << 3) + (buf[i + 1] >> 5)
            left -= 1
            if left:
                continue
            sums[x] += total
            total = 0
            left = _PIXELS
            x += 1
            if x == _SIDE:
                x = 0
                row += 1
                if row == _PIXELS:
                    row = 0
                    _close_row(sums, cells, at)
                    at += _SIDE
        count = frame.readinto(buf)


def _close_row(sums, cells, at):
    for x in range(_SIDE):
        cells[at + x] = sums[x] // _SHRINK
        sums[x] = 0
