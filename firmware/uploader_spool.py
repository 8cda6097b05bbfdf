"""Keeps in the spool what cannot be sent now; loaded for a photo that has to wait.

uploader_drain.py takes photos out again, chore_spool.py counts those of the starts before.
"""

from firmware import clock
from firmware.log import log
from firmware.spool import Spool, photo_name


def open_spool(uploader):
    """Return the Spool of the place where photos wait."""
    return Spool(*uploader.place)


def note(uploader, spool):
    """Tell `uploader` what waits in `spool`, and count what was given up since it was opened."""
    uploader.waiting = spool.photos
    uploader.waiting_kb = spool.bytes >> 10
    tally = uploader.tally
    tally["thinned"] += spool.thinned
    tally["damaged"] += spool.damaged
    tally["written_kb"] += spool.written_bytes >> 10
    if spool.thinned:
        log("W spool thinned", photos=spool.thinned)


def keep(uploader, body, number, taken, metadata):
    """Keep a photo until it can be sent; raises SpoolError, or what `body` raises."""
    spool = open_spool(uploader)
    # Taken before the time was known, it counts from when the era began.
    name = photo_name(number, taken, None if clock.is_credible(taken) else uploader.tally["era"])
    metadata["origin"] = "spool"
    try:
        spool.put(body, uploader.store.buf, name, metadata)
        log("I spool kept", name=name, bytes=body.size, waiting=spool.photos)
    finally:
        note(uploader, spool)
