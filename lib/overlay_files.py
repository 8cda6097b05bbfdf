"""Overlays without an archive: each is a file that is imported by name and then forgotten.

    import overlay_files          # once; then `overlay` is a global name
    overlay("s3.put").put(...)    # what `from s3 import put` became, and its use

`make mip` turns the imports of each package into these loads. lib/overlay.py does the same for a
whole firmware, without keeping the modules' names.
"""

import builtins
import gc
import sys


def load(name):
    """Return the module `name`, as "s3.put", made anew; nothing else holds it."""
    # An import into a heap full of garbage leaves it in pieces too small for the next one.
    gc.collect()
    package, _, last = name.rpartition(".")
    module = __import__(name, None, None, (last,))
    del sys.modules[name]
    if package in sys.modules:  # a package holds its modules as attributes, too
        delattr(sys.modules[package], last)
    return module


builtins.overlay = load
