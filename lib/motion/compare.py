"""Compare the cells of a frame with what is usual in them; part of motion."""

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_SIDE = const(24)
_LAST = const(23)
# A cell that is as bright as its neighbourhood, the square of 3x3 around it, has the value 100.
# Some light is added to both, so that the noise of a dark place does not count.
_USUAL = const(100)
_ADDED = const(24)
_BYTE = const(255)
_LEAST = const(8)  # a change by this many percent is remarkable in a cell that never varies
# If so many percent of the cells have such a change, only the light has changed.
_LIGHT_PERCENT = const(55)
_CHANGED = const(125)
# The edges of clouds and the noise of poor light change many cells a little; a figure changes few
# cells much. So the mean change of all cells is taken from the score, this many times. In it, a
# cell counts at most this much.
_UNREST = const(5)
_UNREST_MOST = const(40)


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
    # goes one step a look towards what is seen, the spread towards twice the distance. So both
    # follow the median without fractions (sigma-delta filters).
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
    if wide < 2 * away and wide < _BYTE:
        spread[at] = wide + 1
    elif wide > 2 * away:
        spread[at] = wide - 1
    return away * 100 // (wide + _LEAST)


def _even(cells, y, x):
    # Light that changes for the whole neighbourhood, by clouds or automatic exposure, leaves the
    # value as it is. At the edge, cells outside are as those inside.
    before = x - 1 if x else 0
    after = x + 1 if x < _LAST else _LAST
    light = 9 * _ADDED
    for row in range(y - 1, y + 2):
        at = min(max(row, 0), _LAST) * _SIDE
        light += cells[at + before] + cells[at + x] + cells[at + after]
    value = (cells[y * _SIDE + x] + _ADDED) * 9 * _USUAL // light
    return min(value, _BYTE)
