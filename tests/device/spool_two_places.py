"""Cut the power at every single write to flash or card while photos wait on both.

Between power-on and cut, a photo is kept and two are sent. Prints the number of cuts.
"""

import gc
import random

import flash_with_cuts as chip
import spool_rig as rig

from firmware.errors import SpoolError

_FLASH_BYTES = 32 * 4096
_CARD_BYTES = 64 * 512
_SEEDS = 2  # which photo is sent next is random


class _Chip(chip.Flash):
    """One of two chips on the same supply."""

    def _change(self, start, data):
        answer = super()._change(start, data)
        if self.is_off:
            self.other.is_off = True
        return answer


class _Card:
    folder = rig.folder(chip.CARD)
    limit_bytes = 1_000_000
    absent = False
    name = None

    def __init__(self):
        self.photos = {}


class _Store:
    buf = rig.BUF


class _Uploader:
    """The part of the Uploader that the spool's modules use; `sent` lists the numbers sent."""

    store = _Store
    device = "cam1"
    why = None
    waiting = 0

    def __init__(self, images):
        flash, card = _Chip(images[0]), _Chip(images[1], chip.CARD)
        flash.other, card.other = card, flash
        self.chips = flash, card
        for one in self.chips:
            chip.mount(one)
        self.place = (rig.folder(), 1_000_000, _Card())
        self.refused = {}
        names = ("thinned", "damaged", "written_kb", "refused", "stored", "cycle", "known_cycle")
        self.counters = dict.fromkeys(names, 0)
        self.sent = []
        from firmware.spool import count

        count.count(self)

    def keep(self, seq):
        body = rig.Body(rig.content(seq, 600))
        taken = rig.START_S + 30 * seq
        # Without the error, the Wi-Fi and the clock would be needed.
        metadata = b"camera=0x82\nclock-error-ms=20"
        from firmware.upload import keep as uploader_spool

        uploader_spool.keep(self, body, seq, taken, metadata)

    def send(self):
        """Send the next photo as the drain module does; return whether there was one."""
        from firmware.upload import drain

        photo = drain.open_next(self)
        if not photo:
            return False
        data = b""
        try:
            while len(data) < photo.size:
                data += rig.BUF[: photo.readinto(rig.BUF)]
        finally:
            photo.close()
        assert data == rig.content(photo.seq, 600)
        self.sent.append(photo.seq)
        from firmware.upload import drain

        drain.forget(self, photo.name)
        return True


def _prepared():
    """Return images of a flash and a card, each with three waiting photos."""
    images = chip.new_image(_FLASH_BYTES), chip.new_image(_CARD_BYTES, chip.CARD)
    uploader = _Uploader(images)
    for seq in range(1, 7):
        uploader.place[2].absent = seq > 3
        uploader.keep(seq)
    return images


def _act(images, seed, which=None, **fault):
    """Send a photo, keep a new one, send another; return the uploader and if it was kept."""
    gc.collect()
    uploader = _Uploader([bytearray(image) for image in images])
    random.seed(seed)
    for one in uploader.chips:
        one.arm(**(fault if one is (which is not None and uploader.chips[which]) else {}))
    is_kept = False
    try:
        uploader.send()
        uploader.keep(7)
        is_kept = not uploader.chips[0].is_off
        uploader.send()
    except SpoolError:
        pass
    return uploader, is_kept


def _check(uploader, is_kept):
    """Check that a start after the cut sends all kept photos, and at most one of them again."""
    before = uploader.sent
    assert len(set(before)) == len(before)
    again = _Uploader([one.image for one in uploader.chips])
    while again.send():
        pass
    after = again.sent
    assert len(set(after)) == len(after) and len(set(before) & set(after)) <= 1
    due = set(range(1, 8 if is_kept else 7))
    assert due <= set(before + after) <= due | {7}, (before, after, is_kept)
    assert again.counters["damaged"] <= 1  # the photo that was being written at the cut


def main():
    images = _prepared()
    cuts = 0
    for seed in range(_SEEDS):
        uploader, is_kept = _act(images, seed)
        assert is_kept and len(uploader.sent) == 2
        _check(uploader, is_kept)
        for which in (0, 1):
            for cut_at in range(1, uploader.chips[which].changes + 1):
                for torn in (False, True):
                    cut, is_kept = _act(images, seed, which, cut_at=cut_at, torn=torn)
                    assert cut.chips[0].is_off and cut.chips[1].is_off
                    _check(cut, is_kept)
                    cuts += 1
    print(f"two places: {cuts} cuts")


if __name__ == "__main__":
    main()
