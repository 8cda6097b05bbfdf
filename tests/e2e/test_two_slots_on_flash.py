"""Both slots, settings and a full spool on the flash of an ESP32: what is left of 2 MB."""

import json
import struct
from binascii import crc32

from e2e import on_trial
from megacam import settings
from megacam.board import tree
from megacam.sim import flash
from soak.photos import SIZE
from soak.plan import Fault, Plan
from soak.store import BUCKET, DEVICE, REGION
from soak.truth import BEGIN_S

_OUTAGE_S = 1800
_PHOTO_BYTES = 60_000
_SPOOL_KB = settings.default("spool.limit_kb")


def _waiting(number):
    """Return (path, content) of a photo in the spool, as firmware/spool/put.py writes it."""
    name = f"{BEGIN_S - 86400 + number * 60:010}-{number:06}"
    photo = b"\xff\xd8\xff" + bytes(_PHOTO_BYTES - 5) + b"\xff\xd9"
    tail = json.dumps({"device": DEVICE, "seq": str(number), "origin": "spool"}).encode()
    foot = struct.pack("<III", len(photo), crc32(photo), len(tail))
    check = struct.pack("<I", crc32(foot, crc32(tail, number)))
    return f"spool/{name}", photo + tail + foot + check


def _full_flash():
    """Return {path: content}: a second slot with other files, and a spool at its limit."""
    other = tree.placed(tree.build(), "b")
    config, _ = settings.check(
        {
            "device": DEVICE,
            "interval_s": 600,
            "s3": {"bucket": BUCKET, "region": REGION},
            "camera": {"resolution": "{}x{}".format(*SIZE)},
        }
    )
    slot = {path: one + b"\0" for path, one in other.items() if path.startswith("b/")}
    count = (_SPOOL_KB << 10) // (_PHOTO_BYTES + 100)
    waiting = dict(_waiting(number) for number in range(1, count + 1))
    return {**slot, **waiting, "b/config.json": config, "config.json": config}


class _Camera(on_trial.OnTrial):
    """Looks at the flash at each line of the console.

    `free` has the fewest free blocks of 4,096 bytes: {the first words of a line: number}.
    """

    def __init__(self, folder):
        self.free = {}
        self.more = _full_flash()
        super().__init__(
            folder,
            on_trial.firmware(""),
            lambda report: report["version"] == on_trial.NEW and not report["update"]["trial"],
            600,
            plan=Plan(1, on_trial.MOST_S, [Fault("refused", 0, _OUTAGE_S)]),
        )

    def _on_line(self, text):
        super()._on_line(text)
        what = " ".join(text.replace(",", " ").split()[:3])
        free = flash.free_blocks(self._board.image)
        self.free[what] = min(free, self.free.get(what, free))


def test_an_outage_and_an_update_fit_beside_two_slots_and_a_full_spool(tmp_path):
    camera = _Camera(tmp_path)
    assert camera.is_well, camera.lines[-50:]
    assert camera.said("I spool kept") and camera.said("I update kept")
    assert not [line for line in camera.lines if line.startswith(("E spool", "E update"))]
    largest = max(map(len, tree.build().values()))
    # Even then the largest file of a release has room beside the one that it replaces.
    assert camera.free["I spool kept"] * flash.BLOCK_BYTES > largest
    assert camera.free["I update switches"] > 300
