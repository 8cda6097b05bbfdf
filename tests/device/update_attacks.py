"""Let a board meet each release of a file with a line of JSON for each: `... cases.json`.

Prints a line of JSON for each: the slot that runs in the end, what the board says of the release,
whether its files and its NVS are as before, whether it might go back to a slot whose files have
changed, whether it asks for this one only once that has changed, and how many answers it took.
"""

import json
import sys
from binascii import unhexlify

import update_rig as rig

from firmware.update import seen

_FILES = {
    "/a/firmware/__init__.mpy": b"old",
    "/a/lib/overlay.bin": b"old" * 999,
    "/a/config.json": b"{}",
    "/a/roots/a.der": b"root",
    "/b/lib/overlay.bin": b"older",
}
_B_WORKED = 32


def _kept():
    """Return the entries of NVS without what is said of slot b, and whether that has worked."""
    state = rig.NVS.entries["slot"]
    return dict(rig.NVS.entries, slot=state & ~_B_WORKED), bool(state & _B_WORKED)


def meet(case):
    entries = {name: unhexlify(content) for name, content in case["entries"].items()}
    entries["slot"] = 16 | _B_WORKED | case["held"] << 6
    objects = {name: unhexlify(content) for name, content in case["objects"].items()}
    board = rig.Board(_FILES, entries, rig.Store(objects))
    before, other = (_kept()[0], board.tree("/a")), board.tree("/b")
    for _ in range(4):
        if board.start():
            break
    slot = "/b" if rig.NVS.entries["slot"] & 1 else "/a"
    entries, has_worked = _kept()
    return {
        "slot": slot,
        "refused": seen.read()[2],
        "knows": bool(seen.read()[0]),
        "same": before == (entries, board.tree("/a")),
        "mixed": has_worked and slot == "/a" and board.tree("/b") != other,
        "answers": len(board.store.answers),
        "files": {path: str(content[:40]) for path, content in board.tree(slot).items()},
    }


with open("/host" + sys.argv[1]) as f:
    for line in f:
        print(json.dumps(meet(json.loads(line))))
