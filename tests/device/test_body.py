"""Bodies of bytes and files."""

import os

from s3.body import BytesBody
from s3.body import FileBody

_FILE = "test_body.tmp"


def _read(body, count):
    buf = bytearray(count)
    pieces = []
    for _ in range(20):
        done = body.readinto(buf)
        if not done:
            break
        pieces.append(bytes(buf[:done]))
    return pieces


def test_bytes():
    body = BytesBody(b"abcdefg")
    assert body.size == 7
    assert _read(body, 3) == [b"abc", b"def", b"g"]
    assert _read(BytesBody(b""), 3) == []


def test_pieces_fill_the_buffer_over_their_borders():
    body = BytesBody(b"ab", b"", b"cdefg", b"h", b"")
    assert body.size == 8
    assert _read(body, 3) == [b"abc", b"def", b"gh"]
    assert BytesBody().size == 0 and _read(BytesBody(), 3) == []


def test_a_file_from_where_it_stands():
    with open(_FILE, "wb") as file:
        file.write(b"0123456789")
    try:
        with open(_FILE, "rb") as file:
            file.seek(4)
            body = FileBody(file)
            assert body.size == 6
            assert _read(body, 4) == [b"4567", b"89"]
    finally:
        os.remove(_FILE)
