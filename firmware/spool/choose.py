"""Choose the photo to send next, and forget it afterwards."""

import random

from s3 import S3Error

from firmware.errors import SpoolError
from firmware.log import log
from firmware.spool.spool import drop, note, open_spool, place

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# People look for the newest photos, but one of four is the oldest. The choice is random, because
# a counter could fall into step with the live photos in between.
_OLDEST_BITS = const(2)


def find(uploader):
    """Return (folder, name, UTC time when it was taken, whether that is exact), or None."""
    there = place(uploader)
    # The few photos on the flash go first, but none of them may hold up those on the card.
    for card in there if random.getrandbits(_OLDEST_BITS) else reversed(there):
        try:
            spool = open_spool(uploader, card)
            pick = spool.newest if random.getrandbits(_OLDEST_BITS) else spool.oldest
            # Recently refused photos go last.
            name = pick(uploader.refused) or pick()
            note(uploader, spool)
            if card:
                card.name = name
            if name:
                return spool.folder, name, spool.taken(name), spool.is_exact(name)
        except SpoolError as e:
            drop(uploader, card, e)
    return None


def forget(uploader, card, name, why):
    """Quarantine the photo `name` of `card` (None: flash) if `why` is the photo's fault."""
    try:
        if isinstance(why, OSError) or (card and getattr(why, "errno", 0)):
            # The storage is at fault, not the photo.
            from firmware.spool import words

            raise words.failed("read or remove", name, why)
        spool = open_spool(uploader, card)
        is_refused = isinstance(why, S3Error)
        log("E spool refused" if is_refused else "E spool damaged", name=name, why=why)
        from firmware.spool import quarantine

        quarantine.put(spool, name)
        if is_refused:
            spool.damaged -= 1
            uploader.counters["refused"] += 1
        note(uploader, spool)
    except SpoolError as e:
        drop(uploader, card, e)
