"""Chore: count what waits in the spool from the starts before."""

from firmware import rare
from firmware.errors import SpoolError
from firmware.log import log
from firmware.spool import Spool
from firmware.uploader_spool import note, open_spool

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_DAY_S = const(86400)
_FLASH = "/spool"


def do(app):
    """Return the seconds until this chore is due again."""
    count(app.uploader)
    tally = app.tally
    if tally["known_era"] != tally["era"]:
        app.chores["clock"] = min(app.chores["clock"], 0)
    return _DAY_S


def count(uploader):
    """Count what waits; on a card that is back, with what the flash has."""
    try:
        spool = open_spool(uploader)
        if spool.folder != _FLASH:
            flash = Spool(_FLASH, 0)
            rare.call("spool_move", "move", flash, spool, uploader.store.buf)
        note(uploader, spool)
        if any(not spool.taken(name) for name in spool.names()):
            uploader.tally["known_era"] = 0  # there are photos to be dated
    except SpoolError as e:
        log("E spool unusable", why=e)
