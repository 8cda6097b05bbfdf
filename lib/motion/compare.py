"""Compare the cells of a frame with what is usual in them; part of motion."""

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_SIDE = const(24)
_LAST = const(23)
# A cell that is as bright as its neighbourhood, the square of 3x3 around it, has the value 100.
# Some light is added to both, so that the noise of a dark place does not count.
_USUAL = const(100)
_ADDED = const(24)
_BYTE = const(255)
# A change is remarkable, 100, from 2/3 of (the cell's spread + 12) on. So in a cell that never
# varies, 12 percent are: fewer may be a step of the sensor or the edge of a cloud.
_SCALE = const(150)
_LEAST = const(12)
_NARROWEST = const(6)
# If so many percent of the cells have such a change, only the light has changed.
_LIGHT_PERCENT = const(55)
_CHANGED = const(135)
# The edges of clouds and the noise of poor light change many cells a little; a figure changes few
# cells much. So the mean change of all cells is taken from the score, this many times. In it, a
# cell counts at most this much.
_UNREST = const(5)
_UNREST_MOST = const(60)


def compare(motion, is_new):
    """Return the score of motion._cells, see Motion.look(), -1 if only the light changed.

    Learns from them; if `is_new`, they become what is usual. Allocates nothing.
    """
    mask = motion._mask
    if mask:
        _hide(motion)
    above = motion._sums  # the changes in the row above
    for x in range(_SIDE):
        above[x] = 0
    score = unrest = changed = 0
    counted = 1  # never divide by 0
    for y in range(_SIDE):
        marks = mask[y] if mask else 0
        left = corner = 0
        for x in range(_SIDE):
            change = _change(motion, y, x, is_new)
            if marks >> (_LAST - x) & 1:
                change = 0
            else:
                counted += 1
                changed += change >= _CHANGED
                unrest += min(change, _UNREST_MOST)
            over = above[x]
            # Any two cells in a square of 2x2: this one and another, or those beside it.
            other = max(left, over, corner)
            score = max(score, _share(change, other), _share(left, over))
            corner = over
            above[x] = left = change
    if changed * 100 > counted * _LIGHT_PERCENT:
        return -1
    return min(max(score - unrest * _UNREST // counted, 0), _BYTE)


def _hide(motion):
    # Or the neighbours of what is masked would see it. The mean follows the light.
    at = 0
    for marks in motion._mask:
        for x in range(_SIDE):
            if marks >> (_LAST - x) & 1:
                motion._cells[at] = motion.light
            at += 1


def _share(one, other):
    # One cell that changes alone is noise, a raindrop or a fly.
    low = min(one, other)
    return (low + min(max(one, other), 2 * low)) // 2


def _change(motion, y, x, is_new):
    # Return how remarkable the cell's change is: 100 and more is much. Learns from it: the usual
    # goes one step a look towards what is seen, the spread towards three times the distance. So
    # both follow the median without fractions (sigma-delta filters).
    usual = motion._usual
    spread = motion._spread
    at = y * _SIDE + x
    value = _even(motion._cells, y, x)
    if is_new:
        usual[at] = value
    away = value - usual[at]
    if away > 0:
        usual[at] += 1
    elif away < 0:
        usual[at] -= 1
        away = -away
    wide = spread[at]
    if wide < 3 * away and wide < _BYTE:
        spread[at] = wide + 1
    elif wide > 3 * away and wide > _NARROWEST:
        spread[at] = wide - 1
    return away * _SCALE // (wide + _LEAST)


def _even(cells, y, x):
    # Light that changes for the whole neighbourhood, by clouds or automatic exposure, leaves the
    # value as it is. At the picture's edge only the cells along it count: a one-sided square would
    # see the slope of a shadow that lies across.
    at = y * _SIDE + x
    step = 1 if 0 < x < _LAST else 0
    line = _SIDE if 0 < y < _LAST else 0
    light = 9 * _ADDED
    for down in range(-1, 2):
        row = at + down * line
        light += cells[row - step] + cells[row] + cells[row + step]
    return min((cells[at] + _ADDED) * 9 * _USUAL // light, _BYTE)
