"""The free memory, for the metadata and the health report; loaded only to measure it."""

import gc
import sys

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_FIRST_BYTES = const(56000)  # MicroPython's first heap on a plain ESP32
_CHIP_BYTES = const(1 << 19)  # the chip itself has less RAM than this: there is PSRAM too


def mem_free(platform=sys.platform):
    """Collect garbage and return the free bytes of the heap.

    On a plain ESP32 this is what is left of the first heap; less than 0 means that the heap has
    grown. gc.mem_free() also counts what the heap could still take from the system there, but TLS
    needs that memory.
    """
    gc.collect()
    free = gc.mem_free()
    if platform == "esp32" and free < _CHIP_BYTES:
        free = _FIRST_BYTES - gc.mem_alloc()
    return free
