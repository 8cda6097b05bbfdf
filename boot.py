"""Run one of two slots, /a or /b. MicroPython executes this file at every start, before main.py.

No update from afar replaces it. What is rare is in trial.py, whose names would stay in memory.
"""

import os
import sys

from esp32 import NVS
from machine import reset


def run():
    """Call begin() of the firmware in the slot; start/slot_state.py explains the number."""
    try:
        state = NVS("megacam").get_i32("slot")
    except OSError:  # there is none, or NVS cannot be read
        state = int("a" not in os.listdir("/"))
    if state & 14 or "slot" in os.listdir("/"):
        import trial

        state = trial.begin(state)
        del sys.modules["trial"]
    slot = "/" + chr(97 + (state & 1))
    sys.path[:0] = slot, slot + "/lib"
    try:
        from firmware import begin

        begin()
    except (Exception, SystemExit) as e:  # a soft reset would not be counted
        if isinstance(e, MemoryError):  # or trial.py might find no memory either
            modules = sys.modules
            for name in modules:
                if getattr(modules[name], "__file__", "").startswith(slot):
                    modules[name].__dict__.clear()
        try:
            import trial

            trial.fail(state, e)
        except MemoryError:
            reset()


# One call deeper than main.py: what the collector finds in old stack frames stays in memory.
[run() for _ in "1"]
del run
