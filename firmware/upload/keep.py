"""Keep a photo that cannot be sent now in the spool; loaded only for that.

upload/drain.py takes photos out again, tasks/spool.py counts those from earlier starts.
"""

import json

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
    tail = _json(metadata.replace(b"\norigin=live", b"\norigin=spool"))
    for card in reversed(place(uploader)):
        spool = None
        try:
            spool = open_spool(uploader, card)
            spool.put(body, uploader.store.buf, name, tail)
            log("I spool kept", name=name, bytes=body.size, waiting=spool.photos)
            return
        except SpoolError as e:
            drop(uploader, card, e)
            if spool and spool.body_started:
                raise
        finally:
            if spool:
                note(uploader, spool)


def _json(metadata):
    """Return lines NAME=VALUE as a JSON object; a dict of them would take 1.5 KB of RAM."""
    text = b""
    while metadata:
        line, _, metadata = metadata.partition(b"\n")
        name, _, value = line.partition(b"=")
        text += b"".join((b", " if text else b"{", b'"', name, b'": '))
        text += json.dumps(value.decode()).encode()
    return text + b"}"
