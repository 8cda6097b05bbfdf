"""lib/motion on frames made by hand; runs on both interpreters."""

from array import array

from motion import Motion
from motion.compare import compare
from motion.reduce import reduce

try:
    from micropython import heap_lock, heap_unlock
except ImportError:

    def heap_lock():
        pass

    heap_unlock = heap_lock

_ROW = 192  # bytes of 96 pixels


class _Frame:
    def __init__(self, data):
        self._data = memoryview(data)
        self._at = 0

    def readinto(self, buf):
        count = min(len(buf), len(self._data) - self._at)
        for i in range(count):
            buf[i] = self._data[self._at + i]
        self._at += count
        return count


def _grey(light):
    """Return the two bytes of a grey pixel, 0 to 31."""
    value = light << 11 | light << 6 | light
    return bytes((value >> 8, value & 255))


def _frame(light=14, step=0):
    """Return a frame of stripes, brighter by `step` from one row of cells to the next."""
    data = bytearray(18432)
    for y in range(96):
        shade = light + y // 4 % 4 + y // 4 * step // 24
        data[y * _ROW : (y + 1) * _ROW] = _grey(shade) * 96
    return data


def _paint(data, x, y, wide, high, light):
    """Fill a rectangle of cells."""
    for row in range(4 * y, 4 * (y + high)):
        at = row * _ROW + 8 * x
        data[at : at + 8 * wide] = _grey(light) * 4 * wide
    return data


def _look(motion, data, block=4092):
    return motion.look(_Frame(data), bytearray(block))


def _used_to(data, **how):
    motion = Motion(**how)
    for _ in range(20):
        assert _look(motion, data) == 0
    return motion


def _cells(data, block):
    cells = bytearray(576)
    reduce(_Frame(data), bytearray(block), cells, array("H", bytes(48)))
    return cells


def test_each_cell_is_the_mean_of_its_sixteen_pixels_whatever_the_block():
    data = bytearray((i * 73 + i // 192 * 31) % 256 for i in range(18432))
    expected = bytearray()
    for cell in range(576):
        total = 0
        for pixel in range(16):
            at = (cell // 24 * 4 + pixel // 4) * _ROW + (cell % 24 * 4 + pixel % 4) * 2
            value = data[at] << 8 | data[at + 1]
            total += (value >> 11) + (value >> 5 & 63)
        expected.append(total // 6)
    for block in (4092, 2044, 8, 2, 18432, 20000, 190, 386):
        assert _cells(data, block) == expected, block


def test_black_and_white_are_the_ends_of_the_scale():
    assert _cells(bytes(18432), 4092) == bytes(576)
    assert _cells(b"\xff" * 18432, 4092) == bytes([250]) * 576


class _Blocks:
    """Claims that `buf` was filled, without allocation."""

    def __init__(self):
        self.left = 18432

    def readinto(self, buf):
        count = min(len(buf), self.left)
        self.left -= count
        return count


def test_neither_the_reduction_nor_the_comparison_allocates():
    motion = _used_to(_frame())
    buf, frame, cells, sums = bytearray(4092), _Blocks(), bytearray(576), array("H", bytes(48))
    heap_lock()
    try:
        reduce(frame, buf, cells, sums)
        compare(motion, False)
    finally:
        heap_unlock()
    assert frame.left == 0


def test_the_first_frame_and_a_still_picture_have_no_score():
    _used_to(_frame())


def test_a_figure_of_two_cells_is_seen():
    motion = _used_to(_frame())
    assert _look(motion, _paint(_frame(), 7, 9, 2, 2, 2)) >= motion.threshold
    assert _look(motion, _frame()) < motion.threshold


def test_one_cell_alone_is_not_motion():
    motion = _used_to(_frame(20))
    score = _look(motion, _paint(_frame(20), 7, 9, 1, 1, 15))
    assert score < motion.threshold, score
    motion = _used_to(_frame(20))
    assert _look(motion, _paint(_frame(20), 7, 9, 2, 1, 15)) >= motion.threshold


def test_a_figure_at_each_edge_is_seen():
    for x, y in ((0, 0), (22, 0), (0, 22), (22, 22), (11, 0), (0, 11), (22, 11), (11, 22)):
        motion = _used_to(_frame())
        assert _look(motion, _paint(_frame(), x, y, 2, 2, 30)) >= motion.threshold, (x, y)


def test_a_masked_figure_is_not_seen():
    marks = ["." * 24] * 9 + ["." * 7 + "xx" + "." * 15] * 2 + ["." * 24] * 13
    motion = _used_to(_frame(), mask=marks)
    for light in (2, 30, 2):
        assert _look(motion, _paint(_frame(), 7, 9, 2, 2, light)) == 0, light
    assert _look(motion, _paint(_frame(), 7, 12, 2, 2, 2)) >= motion.threshold
    everything = _used_to(_frame(), mask=["x" * 24] * 24)
    assert _look(everything, _paint(_frame(), 7, 9, 5, 5, 2)) == 0


def test_more_or_less_light_everywhere_is_not_motion():
    motion = _used_to(_frame(14))
    for light in (16, 18, 12, 20, 14):
        assert _look(motion, _frame(light)) < motion.threshold, light


def test_the_slope_of_a_shadow_at_the_edge_is_not_motion():
    for across, drop in ((True, 3), (False, 4)):
        motion, shadow = _used_to(_frame(26)), _frame(26)
        for at in range(24 * 6):
            near, far = 18 + at % 6, at // 6
            x, y = (near, far) if across else (far, near)
            _paint(shadow, x, y, 1, 1, 26 + y % 4 - drop * (near - 17))
        assert _look(motion, shadow) < motion.threshold


def test_many_small_changes_count_against_each():
    motion, restless = _used_to(_frame(20)), _used_to(_frame(20))
    faint = _paint(_frame(20), 7, 9, 2, 1, 17)
    alone = _look(motion, faint)
    for at in range(0, 24 * 8, 2):
        _paint(faint, at % 24, 12 + at // 24, 1, 1, 22)
    assert 0 < _look(restless, faint) < alone


def test_another_picture_is_light_and_becomes_usual():
    motion = _used_to(_frame())
    other = bytearray(18432)
    for y in range(24):
        for x in range(24):
            _paint(other, x, y, 1, 1, 28 if (x // 2 + y // 2) % 2 else 4)
    assert _look(motion, other) == 0
    assert _look(motion, other) == 0
    assert _look(motion, other) == 0
    assert _look(motion, _paint(other, 8, 8, 2, 2, 16)) >= motion.threshold


def test_a_blank_frame_shows_nothing_and_is_not_learned():
    motion = _used_to(_frame())
    for value in (0, 8):
        assert _look(motion, bytes([value]) * 18432) == -1
    assert _look(motion, _frame()) == 0


def test_a_camera_that_has_not_settled_shows_nothing():
    motion = _used_to(_frame(20))
    for light in (0, 4):
        assert _look(motion, _paint(_frame(light), 7, 9, 2, 2, 0)) == -1
    assert motion.light > 100
    assert _look(motion, _frame(20)) == 0


def test_a_lamp_in_the_dark_is_light_and_becomes_usual():
    motion = _used_to(_frame(2))
    assert [_look(motion, _frame(24)) for _ in range(6)] == [-1, -1, -1, 0, 0, 0]
    assert _look(motion, _paint(_frame(24), 7, 9, 2, 2, 2)) >= motion.threshold


def test_what_stays_becomes_usual():
    motion = _used_to(_frame())
    parked = _paint(_frame(), 7, 9, 3, 2, 2)
    assert _look(motion, parked) >= motion.threshold
    for _ in range(120):
        score = _look(motion, parked)
    assert score == 0
    assert _look(motion, _frame()) >= motion.threshold


def test_what_always_varies_counts_less():
    waving, quiet = _used_to(_frame()), _used_to(_frame())
    for i in range(120):
        _look(waving, _paint(_frame(), 7, 9, 2, 2, 10 if i % 2 else 20))
    for motion, is_seen in ((waving, False), (quiet, True)):
        score = _look(motion, _paint(_frame(), 7, 9, 2, 2, 21))
        assert (score >= motion.threshold) == is_seen, score


def test_a_frame_that_fails_is_not_learned():
    motion = _used_to(_frame())

    class Broken:
        def readinto(self, buf):
            raise OSError(5)

    try:
        motion.look(Broken(), bytearray(64))
        raise AssertionError
    except OSError:
        pass
    assert _look(motion, _frame()) == 0
    motion.forget()
    assert _look(motion, _paint(_frame(), 7, 9, 2, 2, 2)) == 0
