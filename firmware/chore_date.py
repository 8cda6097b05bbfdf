"""Chore: date the photos that wait, in each place; chore_clock.py asks for it.

Beside the clock's own chore there is no memory for it.
"""

from firmware import clock, rare
from firmware.errors import SpoolError
from firmware.log import log
from firmware.spool import drop, open_spool, place

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_HOUR_S = const(3600)
_NEVER_S = const(1 << 28)


def do(app):
    """Return the seconds until this chore is due again."""
    try:
        if app.uploader.is_time_known:
            _date(app.uploader)
        else:
            _propose(app.uploader)
    except SpoolError as e:
        log("E spool unusable", why=e)
        return _HOUR_S
    return _NEVER_S


def _propose(uploader):
    """Write down when the era began, for the time after a power cut: a time server has said so."""
    era = uploader.tally["era"]
    _in_each(uploader, lambda spool: rare.call("spool_date", "remember", spool, era, clock.era_s))


def _date(uploader):
    """Date the photos from before the time was known, which is over.

    What is new can be sent even if that fails; what waits cannot before it was done.
    """
    tally = uploader.tally
    known = {}
    dated = []

    def _learn(spool):
        known.update({era: began for era, began in spool.eras.items() if began > 0})

    def _date_in(spool):
        dated.append(rare.call("spool_date", "date", spool, tally["era"], clock.era_s, known))

    if len(place(uploader)) > 1:
        _in_each(uploader, _learn)
    _in_each(uploader, _date_in)
    tally["known_era"] = tally["era"]
    if sum(dated):
        log("I spool dated", photos=sum(dated))


def _in_each(uploader, action):
    """Call action(spool) for each place; a card that fails is left out from then on."""
    for card in reversed(place(uploader)):
        try:
            action(open_spool(uploader, card))
        except SpoolError as e:
            drop(uploader, card, e)
