"""After its start the firmware allocates nothing larger than 1,024 bytes in one piece.

After a day the free memory of a board lies in pieces. Here it does so from the start: once the
application has started, all of the free heap is filled with blocks of one size, and every other
block is freed.
"""

import threading

import pytest
from bench import whole
from bench.configurations import CONFIGURATIONS

_USUAL = next(iter(CONFIGURATIONS))
_HEAP = "200K"
_PHOTOS = 2
_MAIN = """\
import builtins
import gc

said = print
blocks = [None] * 1500


def divide(size):
    gc.collect()
    count = 0
    try:
        while True:
            blocks[count] = bytearray(size)
            count += 1
    except MemoryError:
        pass
    for i in range(0, count, 2):
        blocks[i] = None


def tell(text, *more):
    said(text, *more)
    if text.startswith("I app started"):
        divide({size})
        said("divided")


builtins.print = tell
from firmware import app
app.main()
"""
_PATIENCE_S = 120  # against a hang


def _run(configuration, size):
    """Return the lines of a board up to its second stored photo, or to its first trouble."""
    lines: list[str] = []
    over = threading.Event()

    def line(text):
        lines.append(text)
        is_reset = "divided" in lines and text.startswith("I boot")
        if _stored(lines) == _PHOTOS or "memory" in text or " photo lost " in text or is_reset:
            over.set()

    main = _MAIN.format(size=size).encode()
    with whole.stage(heap=_HEAP, main=main, configuration=configuration) as board:
        board.start(line)
        over.wait(_PATIENCE_S)
        board.stop()
    assert "divided" in lines
    return lines


def _stored(lines):
    return sum(text.startswith("I s3 stored") for text in lines)


@pytest.mark.parametrize("configuration", [_USUAL, "certificate"])
def test_pieces_of_1024_bytes_are_enough(configuration):
    lines = _run(configuration, 1024)
    assert not [text for text in lines if "memory" in text]
    assert _stored(lines) == _PHOTOS


def test_pieces_of_128_bytes_are_not():
    assert _stored(_run(_USUAL, 128)) < _PHOTOS
