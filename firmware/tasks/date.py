"""Task: date the waiting photos in each place; tasks/clock.py schedules it.

It is a task of its own because there is no memory for it during the clock task.
"""

from firmware import clock
from firmware.errors import SpoolError
from firmware.log import log
from firmware.spool.spool import drop, open_spool, place

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_HOUR_S = const(3600)
_NEVER_S = const(1 << 28)


def do(app):
    """Return the seconds until this task is due again."""
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
    """Save when the power cycle began by a time server's time, in case of a power cut.

    Below 0, because the server may be wrong: the photos get a date, but none that is certain.
    """
    cycle = uploader.counters["cycle"]
    from firmware.spool import date

    _in_each(uploader, lambda spool: date.remember(spool, cycle, -clock.cycle_s))


def _date(uploader):
    """Date the photos that were taken before the time was known.

    New photos can be sent even if this fails; waiting photos cannot be sent before it succeeds.
    """
    counters = uploader.counters
    began = -clock.cycle_s if counters.get("unsure") else clock.cycle_s
    known = {}
    dated = []

    def _learn(spool):
        known.update({cycle: seconds for cycle, seconds in spool.cycles.items() if seconds > 0})

    def _date_in(spool):
        from firmware.spool import date

        dated.append(date.date(spool, counters["cycle"], began, known))

    if len(place(uploader)) > 1:
        _in_each(uploader, _learn)
    _in_each(uploader, _date_in)
    counters["known_cycle"] = counters["cycle"]
    if sum(dated):
        log("I spool dated", photos=sum(dated))


def _in_each(uploader, action):
    """Call action(spool) for each place; a card that fails is no longer used."""
    for card in reversed(place(uploader)):
        try:
            action(open_spool(uploader, card))
        except SpoolError as e:
            drop(uploader, card, e)
