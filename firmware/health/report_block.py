"""The largest free block of the heap; loaded only for the health report."""

import io
import os

import micropython

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

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
