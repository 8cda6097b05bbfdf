"""Count the photos that wait in the spool since earlier starts."""

import os

from firmware.errors import SpoolError
from firmware.log import log
from firmware.spool.spool import drop, note, open_spool, place


def count(uploader):
    """Count the photos on the flash, and on a card that is new or was absent."""
    for card in uploader.place[2:]:
        if card.photos and not card.absent:
            return
    for card in place(uploader, True):
        try:
            _count(uploader, card)
        except SpoolError as e:
            _say(uploader, card, e)


def _count(uploader, card):
    if card and card.absent:
        from firmware.spool import sd_card

        sd_card.mount(card)
    spool = open_spool(uploader, card)
    if card and card.absent:
        _try_to_write(spool)
        card.absent = False
        log("I spool on the card again")
    note(uploader, spool)
    if any(not spool.taken(name) for name in spool.names()):
        uploader.counters["known_cycle"] = 0  # some photos need a date


def _try_to_write(spool):
    path = f"{spool.folder}/try-to-write~"  # "~": removed if a power cut leaves it
    try:
        open(path, "wb").close()
        os.remove(path)
    except OSError as e:
        raise spool.failed("write", "", e)


def _say(uploader, card, error):
    if not card:
        log("E spool unusable", why=error)
    elif not card.absent:  # else it is logged already
        drop(uploader, card, error)
