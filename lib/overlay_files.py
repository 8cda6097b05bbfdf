"""Overlays without an archive: each is a file that is imported by name and then forgotten.

    import overlay_files          # once; then `overlay` is a global name
    overlay("s3.put").put(...)    # was: from s3 import put; put.put(...)

`make mip` turns the imports of each package into these calls. lib/overlay.py does the same for a
complete firmware, without keeping the modules' names in memory.
"""

import builtins
import gc
import sys


def load(name):
    """Import the module `name`, such as "s3.put", afresh; the caller has the only reference."""
    # Importing into a heap full of garbage fragments it: the next import would not fit.
    gc.collect()
    package, _, last = name.rpartition(".")
    module = __import__(name, None, None, (last,))
    del sys.modules[name]
    if package in sys.modules:  # a package has its modules as attributes, too
        delattr(sys.modules[package], last)
    return module


builtins.overlay = load
