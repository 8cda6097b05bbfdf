"""MicroPython's `gc` for a run of the swarm: its figures are not part of the history.

The collector takes anything on the C stack for a pointer, so how much it frees may differ from
machine to machine. Heap and its limits are tested by the bench and the soak; here the firmware
sees constants, and the world is told the true figure now and then.
"""

import gc

import chip

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_COLLECT_US = const(1500)

enable, disable, isenabled = gc.enable, gc.disable, gc.isenabled
_collect, _alloc = gc.collect, gc.mem_alloc
_count = 0


def collect():
    global _count
    _count += 1
    if not _count & 15:
        _collect()
    chip.spend(_COLLECT_US)


def threshold(amount=-1):
    return -1


def mem_alloc():
    return 44000


def mem_free():
    _collect()
    chip.ask(72, data=str(_alloc()).encode())
    return 12000
