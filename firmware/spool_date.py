"""Date the photos taken while the time was unknown; to be called through rare.py.

The time is known once the store has confirmed it. An era lasts from power to power.

An empty file 9ERA=SECONDS in the spool's folder says when the era of that number began: one write,
however many photos were taken, and all or nothing when the power goes. It ends in "~" where it is
only the latest that is possible.
"""

import os

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_NUMBERS = const(100000)  # of eras; then they begin anew


def date(spool, era, offset_s, known=()):
    """Date the photos without a date; return how many. `offset_s`: UTC when the `era` began.

    `known` is {number of an era: UTC when it began} of another spool, as Spool.eras has it.

    A photo of it gets its time, whatever was remembered before that was known. One from before a
    power cut, with which the time got lost, gets the latest that is possible, as if the power had
    come back at once.
    Call it as soon as the time is known and before the spool is drained.
    """
    lasts, dated = _lasts(spool)
    # First, because many dates want a large piece of memory.
    for number in list(spool.eras):
        if number not in lasts:
            _forget(spool, number)
    era %= _NUMBERS
    sign = 1
    # Backwards in time: each era ended before the one after it.
    for number in sorted(lasts, key=lambda number: (era - number) % _NUMBERS):
        if number != era:
            sign = -1
            offset_s -= 1 + lasts[number]
        if number in spool.eras and number != era:
            offset_s = abs(spool.eras[number])
        elif number in known and number != era:
            offset_s = abs(known[number])
            remember(spool, number, known[number])
        else:
            remember(spool, number, sign * offset_s)
    return dated


def _lasts(spool):
    """Return {number of an era: second of its last photo} and how many photos have no date."""
    lasts = {}
    dated = 0
    for name in spool.names():
        if name > "9":
            number = int(name[1:6])
            lasts[number] = max(int(name[6:14]), lasts.get(number, 0))
            dated += not spool.taken(name)
    return lasts, dated


def _path(spool, number, seconds):
    return f"{spool.folder}/9{number:05}={abs(seconds)}{'~' if seconds < 0 else ''}"


def remember(spool, era, seconds):
    """Write down when the era of that number began: `seconds` as Spool.eras has it."""
    number = era % _NUMBERS
    before = spool.eras.get(number)
    if before == seconds:
        return
    path = _path(spool, number, seconds)
    try:
        if before is None:
            open(path, "wb").close()
        else:
            os.rename(_path(spool, number, before), path)
    except OSError as e:
        raise spool.failed("date", number, e)
    spool.eras[number] = seconds


def _forget(spool, number):
    try:
        os.remove(_path(spool, number, spool.eras.pop(number)))
    except OSError as e:
        raise spool.failed("date", number, e)
