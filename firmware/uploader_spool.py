"""The spool as the uploader uses it; loaded when a photo has to wait, and when one can go."""

import random

from firmware import clock, rare
from firmware.errors import SpoolError
from firmware.log import log
from firmware.spool import Spool, photo_name

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_FLASH = "/spool"
# The newest are what people look for; but one of four is the oldest. By chance, because
# any count would fall into step with the live photos in between.
_OLDEST_BITS = const(2)


def _open(uploader):
    return Spool(*uploader.place)


def _note(uploader, spool):
    # What waits in `spool`, and what was given up there since it was opened.
    uploader.waiting = spool.photos
    uploader.waiting_kb = spool.bytes >> 10
    tally = uploader.tally
    tally["thinned"] += spool.thinned
    tally["damaged"] += spool.damaged
    tally["written_kb"] += spool.written_bytes >> 10
    if spool.thinned:
        log("W spool thinned", photos=spool.thinned)


def count(uploader):
    """Count what waits from the starts before; on a card that is back, with what the flash has."""
    try:
        spool = _open(uploader)
        if spool.folder != _FLASH:
            flash = Spool(_FLASH, 0)
            rare.call("spool_move", "move", flash, spool, uploader.store.buf)
        _note(uploader, spool)
        if uploader.boot is None and any(not spool.taken(name) for name in spool.names()):
            # The clock was set before this start, but they were not dated any more.
            uploader.boot = uploader.tally["boots"]
    except SpoolError as e:
        log("E spool unusable", why=e)


def keep(uploader, body, number, taken, metadata):
    """Keep a photo until it can be sent; raises SpoolError, or what `body` raises."""
    spool = _open(uploader)
    # Taken before the time was known, it counts from when the power came.
    name = photo_name(number, taken, None if clock.is_credible(taken) else uploader.boot)
    metadata["origin"] = "spool"
    try:
        spool.put(body, uploader.store.buf, name, metadata)
        log("I spool kept", name=name, bytes=body.size, waiting=spool.photos)
    finally:
        _note(uploader, spool)


def open_next(uploader):
    """Return the Photo to be sent next, to be closed, or None; a damaged one is set aside."""
    spool = _open(uploader)
    name = spool.newest() if random.getrandbits(_OLDEST_BITS) else spool.oldest()
    try:
        photo = name and rare.call("spool_photo", "open_photo", spool, name)
    except SpoolError as e:
        forget(uploader, name, e)
        return None
    if photo and "clock-error-ms" not in photo.meta:
        rare.call("metadata", "date", photo.meta, photo.taken, photo.is_exact)
    return photo


def forget(uploader, name, why=None):
    """Remove the photo `name`, which is stored, or set it aside because of `why`."""
    spool = _open(uploader)
    if why:
        log("E spool damaged", why=why)
        rare.call("spool_aside", "set_aside", spool, name)
    else:
        spool.remove(name)
    _note(uploader, spool)


def date(uploader, started):
    """Date the photos from before the time was known; `started`: UTC of this start."""
    dated = rare.call("spool_date", "date", _open(uploader), uploader.boot, started)
    uploader.boot = None
    if dated:
        log("I spool dated", photos=dated)
