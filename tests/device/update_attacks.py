"""Let a board meet each release of a file with a line of JSON for each: `... cases.json`.

Prints a line of JSON for each: the slot that runs in the end, what the board says of the release,
whether its files and its NVS are as before, and how many answers of the store it took.
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
}


def meet(case):
    entries = {name: unhexlify(content) for name, content in case["entries"].items()}
    entries["slot"] = 16 | case["held"] << 6
    objects = {name: unhexlify(content) for name, content in case["objects"].items()}
    board = rig.Board(_FILES, entries, rig.Store(objects))
    before = dict(rig.NVS.entries), board.tree("/a")
    for _ in range(4):
        if board.start():
            break
    slot = "/b" if rig.NVS.entries["slot"] & 1 else "/a"
    return {
        "slot": slot,
        "refused": seen.read()[2],
        "same": before == (rig.NVS.entries, board.tree("/a")),
        "answers": len(board.store.answers),
        "files": {path: str(content[:40]) for path, content in board.tree(slot).items()},
    }


with open("/host" + sys.argv[1]) as f:
    for line in f:
        print(json.dumps(meet(json.loads(line))))
