"""Keep a photo that cannot be sent now in the spool; loaded only for that.

upload/drain.py takes photos out again, tasks/spool.py counts those from earlier starts.
"""

from firmware import clock
from firmware.errors import SpoolError
from firmware.log import log
from firmware.spool.spool import drop, note, open_spool, photo_name, place


def keep(uploader, body, number, taken, metadata):
    """Keep a photo until it can be sent; raises SpoolError, or what `body` raises.

    If the card fails, the flash takes the photo, provided that none of it was read yet.
    """
    # If it was taken before the time was known, `taken` counts from the start of the power cycle.
    cycle = None if clock.is_credible(taken) else uploader.counters["cycle"]
    name = photo_name(number, taken, cycle)
    kept = dict([line.split("=", 1) for line in metadata.split("\n")])
    kept["origin"] = "spool"
    for card in reversed(place(uploader)):
        spool = None
        try:
            spool = open_spool(uploader, card)
            spool.put(body, uploader.store.buf, name, kept)
            log("I spool kept", name=name, bytes=body.size, waiting=spool.photos)
            return
        except SpoolError as e:
            drop(uploader, card, e)
            if spool and spool.body_started:
                raise
        finally:
            if spool:
                note(uploader, spool)
