"""The memory that is left, with the heap's largest free block; loaded only for the report."""

import io
import os

import micropython

from firmware import log
from firmware.shot.metadata import mem_free

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# Nothing asks for more than 1 KB after the start: with less, the heap grows, and TLS has no RAM.
_FREE_LOW = const(4096)
_BLOCK_LOW = const(1024)
_BLOCK_BYTES = const(16)  # of MicroPython's heap on 32 bits
_WORDS = "max free sz: "  # the last thing that mem_info() prints, in blocks
_KEPT = const(32)


class _Terminal(io.IOBase):
    """A terminal that keeps the end of what is written to it."""

    _text = b""

    def write(self, buf):
        # The buffer is only lent.
        self._text = (self._text + bytes(buf))[-_KEPT:]
        return len(buf)


def report(app):
    """Return the lowest free memory so far and the largest free block, in bytes; warn if too low.

    The block is None if it is not known.
    """
    largest = size()
    low = min(app.heap_free_low, mem_free())
    is_low = low < _FREE_LOW or (largest is not None and largest < _BLOCK_LOW)
    # Once is enough: the report has room for only four lines.
    told = [line for _, line in log.recent if line.startswith("W app memory low")]
    if is_low and not told:
        log.log(f"W app memory low free={low} largest={largest}")
    return low, largest


def size():
    """Return the bytes of the largest free block, or None if this port cannot tell.

    Asking for a large block would tell too, but that makes the heap grow. So this reads what
    mem_info() prints, which the console shows as well.
    """
    dupterm = getattr(os, "dupterm", None)
    if not dupterm:
        return None
    terminal = _Terminal()
    before = dupterm(terminal)
    try:
        micropython.mem_info()
    finally:
        dupterm(before)
    try:
        return int(terminal._text.decode().rpartition(_WORDS)[2]) * _BLOCK_BYTES
    except ValueError:
        return None  # another version of MicroPython prints something else
