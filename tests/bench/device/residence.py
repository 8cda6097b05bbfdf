"""Import modules one after the other and print what each keeps of the heap."""

import gc
import json


def main(modules):
    """Print {module: bytes}; each is imported after those that it needs."""
    kept = {}
    for name in modules:
        gc.collect()
        before = gc.mem_alloc()
        __import__(name)
        gc.collect()
        kept[name] = gc.mem_alloc() - before
    print(json.dumps(kept))
