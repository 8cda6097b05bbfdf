"""Import modules one after the other and print how much heap each keeps."""

import gc
import json

import micropython


def main(modules):
    """Print {module, heap} for each, and MicroPython's line about interned names before and after.

    Each module is imported after those that it needs.
    """
    micropython.qstr_info()
    for name in modules:
        gc.collect()
        before = gc.mem_alloc()
        __import__(name)
        gc.collect()
        print(json.dumps({"module": name, "heap": gc.mem_alloc() - before}))
        micropython.qstr_info()
