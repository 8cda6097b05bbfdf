"""Cut the power at every change of flash and NVS in an update: `... CASE good|bad WORKED`.

WORKED is the number `slot` before it, which says whether slot b has worked, too. Every cut is
tried twice: with the write not begun, and with half of it done. After each, the slot that the next
start runs is whole, and so is the other one if the board might go back to it. From each state of
files and NVS that a cut leaves, the board ends up where it would have without the cut. Some cuts
are made while the update runs; the others are made of the changes of one run.
Prints a line of JSON: the number of cuts, the entries of NVS and the files of the slot at the end.
"""

import json
import sys
from binascii import unhexlify

import flash_with_cuts as chip
import update_rig as rig

_OLD = {
    "firmware/__init__.mpy": b"old",
    "firmware/gone.mpy": b"gone",
    "lib/overlay.bin": b"old" * 999,
    "lib/hmac.mpy": b"hmac",
    "config.json": b"{}",
    "roots/a.der": b"root",
}
_STALE = {"firmware/__init__.mpy": b"older", "lib/stale.mpy": b"stale", "release": b"x"}
_STARTS = 12
_SAMPLE = 13


def _files():
    found = {"/a/" + path: content for path, content in _OLD.items()}
    found.update({"/b/" + path: content for path, content in _STALE.items()})
    return found


def _live(board, is_good):
    for _ in range(_STARTS):
        is_over = board.start(is_good)
        if rig.power.is_off:
            return False
        if is_over:
            return True
    raise AssertionError("the board does not come to rest")


def _slot():
    """Return the folder that the next start runs if it counts as the last one of a trial."""
    state = rig.NVS.entries.get("slot", 0)
    return "/b" if state & 1 else "/a"


def _used():
    """Return the folders of the slots that run or that have worked."""
    state = rig.NVS.entries.get("slot", 0)
    return {_slot()} | {folder for bit, folder in ((16, "/a"), (32, "/b")) if state & bit}


def _without_release(tree):
    return {path: tree[path] for path in tree if path != "release"}


def main(case, kind, worked):
    with open("/host" + case) as f:
        case = json.load(f)
    objects = {name: unhexlify(content) for name, content in case["objects"].items()}
    entries = {name: unhexlify(content) for name, content in case["entries"].items()}
    is_good = kind == "good"
    entries["slot"] = int(worked)
    board = rig.Board(_files(), entries, rig.Store(objects))
    first = board.copy()
    board.restore(first)
    assert _live(board, is_good)
    end = _slot(), dict(rig.NVS.entries), board.tree(_slot())
    assert end[0] == ("/b" if is_good else "/a")
    trees = [_OLD, _without_release(_STALE), _without_release(board.tree("/b"))]
    board.restore(first)
    _live(board, is_good)
    journal = rig.power.journal
    met = chip.Met()
    for cut_at in range(1, len(journal) + 1):
        for torn in (False, True):
            if (2 * cut_at + torn) % _SAMPLE:
                board.replay(first, journal[:cut_at], torn)
            else:
                board.restore(first, cut_at, torn)
                assert not _live(board, is_good), cut_at
            rig.power.on()
            board.mount()
            for folder in _used():
                there = _without_release(board.tree(folder))
                assert there in trees, (cut_at, torn, folder, sorted(there))
            if met.is_new(board.files(), rig.NVS.entries):
                assert _live(board, is_good), (cut_at, torn)
                now = _slot(), dict(rig.NVS.entries), board.tree(_slot())
                assert now == end, (cut_at, torn, now[0], now[1]["slot"], sorted(now[2]))
    entries = {name: end[1][name] for name in end[1] if name not in ("seal", "until")}
    found = {name: str(entries[name]) for name in entries}
    print(json.dumps({"cuts": len(journal), "entries": found, "files": sorted(end[2])}))


main(*sys.argv[1:])
