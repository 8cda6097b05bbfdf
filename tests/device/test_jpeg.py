"""lib/jpeg.py on JPEGs built by hand; tests/driver/test_jpeg.py uses real ones."""

from jpeg import JPEGBody, JPEGError

try:
    from micropython import heap_lock, heap_unlock
except ImportError:

    def heap_lock():
        pass

    heap_unlock = heap_lock

_APP1 = b"\xff\xe1\x00\x08\xff\xd9\xff\xd9zz"  # a segment with end markers inside
_SOS = b"\xff\xda\x00\x04\x01\x02"


class _Bytes:
    def __init__(self, data):
        self.size = len(data)
        self._data = data
        self._at = 0

    def readinto(self, buf):
        piece = self._data[self._at : self._at + len(buf)]
        buf[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


def _jpeg(length, tail=b"\xff\xd9"):
    head = b"\xff\xd8" + _APP1 + _SOS
    return head + bytes(length - len(head) - len(tail)) + tail


def _read(data, block):
    body = JPEGBody(_Bytes(data))
    out = b""
    buf = bytearray(block)
    n = block
    while n == block:
        n = body.readinto(buf)
        out += buf[:n]
    assert body.readinto(buf) == 0
    return out


def _refused(data, block, word):
    try:
        _read(data, block)
    except JPEGError as e:
        assert word in str(e), e
        return
    raise AssertionError("a damaged photo went through")


def test_a_whole_photo_passes_unchanged_at_every_block_size():
    for block in (4, 5, 7, 16, 64, 4092):
        for length in (block - 1, block, block + 1, 3 * block + 2, 40):
            if length >= 24:
                data = _jpeg(length)
                assert _read(data, block) == data


def test_padding_after_the_end_marker_passes():
    for padding in (b"\0", b"\0" * 100, b"\xff\xd9junk\xff", b"\xff" * 9):
        data = _jpeg(200) + padding
        assert _read(data, 128) == data


def test_a_cut_photo_is_refused_before_its_last_block():
    for block in (4, 64, 4092):
        _refused(_jpeg(200)[:-1], block, "no end marker")
        _refused(_jpeg(200)[:-2], block, "no end marker")


def test_an_end_marker_of_a_thumbnail_is_not_the_end():
    _refused(_jpeg(150, tail=b"\0\0"), 32, "no end marker")


def test_a_photo_without_a_start_marker_is_refused():
    _refused(b"\0" + _jpeg(99), 64, "FF D8")
    _refused(b"\x08\x01" * 40, 64, "FF D8")
    _refused(b"\xff", 64, "FF D8")
    _refused(b"", 64, "FF D8")


def test_a_broken_header_is_refused():
    data = bytearray(_jpeg(99))
    data[12] = 0
    _refused(bytes(data), 64, "no marker")


def test_a_long_photo_is_searched_only_near_its_end():
    data = _jpeg(40000)
    assert _read(data, 4092) == data
    _refused(_jpeg(40000, tail=b"\0"), 4092, "no end marker")


def test_an_end_marker_split_before_a_whole_block_of_padding_is_seen():
    for block in (4, 64, 4092):
        data = _jpeg(12 * block + 1) + bytes(block - 1)
        assert _read(data, block) == data
        _refused(data[: 12 * block] + b"\0" + bytes(block - 1), block, "no end marker")


def test_fill_bytes_before_a_marker_pass():
    whole = _jpeg(99)
    for fill in range(1, 14):
        for block in (4, 5, 7, 16, 64, 4092):
            for at in (2, 2 + len(_APP1)):
                data = whole[:at] + b"\xff" * fill + whole[at:]
                assert _read(data, block) == data


class _Quiet:
    """A body that copies byte by byte and therefore allocates no memory itself."""

    def __init__(self, data):
        self.size = len(data)
        self._data = data
        self._at = 0

    def readinto(self, buf):
        count = min(len(buf), self.size - self._at)
        for i in range(count):
            buf[i] = self._data[self._at + i]
        self._at += count
        return count


def test_reading_allocates_nothing():
    head = b"\xff\xd8" + b"\xff" * 70 + _APP1 + b"\xff" * 3 + _SOS
    for size in (640, 641, 700):
        data = head + bytes(size - 2 - len(head)) + b"\xff\xd9" + bytes(63)
        for block in (4, 64):
            JPEGBody.tail_bytes = 8192
            body = JPEGBody(_Quiet(data))
            buf = bytearray(block)
            total = 0
            count = block
            heap_lock()
            try:
                while count:
                    count = body.readinto(buf)
                    total += count
            finally:
                heap_unlock()
            assert total == len(data)
    JPEGBody.tail_bytes = 1
