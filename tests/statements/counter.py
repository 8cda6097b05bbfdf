"""Defines the builtin `covered(number)`, which every statement of the copied device code calls.

This file runs on both interpreters, in a copy in which COUNT has its value. It allocates nothing
when it is called, because some of the code runs with a locked heap.
"""

import builtins
import os

COUNT = 0

# A board's flash hides the host's files, so its interpreter gets an open file.
_descriptor = os.getenv("MEGACAM_COVERAGE_FD")
_name = int(_descriptor) if _descriptor else os.getenv("MEGACAM_COVERAGE")
if not _name:
    raise ImportError("nobody counts")
_file = open(_name, "ab", 0)
_seen = bytearray(COUNT // 8 + 1)
_number = bytearray(2)
_write = _file.write


def covered(number):
    """Write `number` once, as two bytes, low first."""
    if not _seen[number >> 3] & 1 << (number & 7):
        _seen[number >> 3] |= 1 << (number & 7)
        _number[0] = number & 255
        _number[1] = number >> 8
        _write(_number)


builtins.covered = covered
