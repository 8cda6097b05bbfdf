"""Date the photos taken while the time was unknown.

The time is known once the store has confirmed it. A power cycle lasts from one power-on to the
next.

An empty file 9CYCLE=SECONDS in the spool's folder says when the power cycle of that number began.
That is one atomic write, safe against a power cut, however many photos were taken. The name ends
in "~" if this is not certain: the latest possible time, or one that the store has not confirmed.
"""

import os

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_NUMBERS = const(100000)  # of power cycles; then they start again at 0


def date(spool, cycle, offset_s, known=()):
    """Date the photos without a date; return how many.

    `offset_s` is the UTC time when the current power `cycle` began, below 0 if that is not
    certain. `known` is Spool.cycles of another spool.

    A photo of this cycle gets its exact time, whatever was saved before the time was known. A
    photo from before a power cut, which lost the time, gets the latest possible time, as if the
    power had come back at once, or an earlier one that a time server gave before the cut.
    Call this as soon as the time is known and before the spool is drained.
    """
    lasts, dated = _lasts(spool)
    # Do this first, because many dates need a large block of memory.
    for number in list(spool.cycles):
        if number not in lasts:
            _forget(spool, number)
    cycle %= _NUMBERS
    # Backwards in time: each power cycle ended before the next one began.
    for number in sorted(lasts, key=lambda number: (cycle - number) % _NUMBERS):
        began = offset_s
        if number != cycle:
            began = known[number] if number in known else spool.cycles.get(number, 0)
            if began <= 0:
                latest = abs(offset_s) - 1 - lasts[number]
                began = -min(latest, -began or latest)
        remember(spool, number, began)
        offset_s = abs(spool.cycles[number])
    return dated


def _lasts(spool):
    """Return {power cycle: second of its last photo} and the number of photos without a date."""
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


def remember(spool, cycle, seconds):
    """Save when power cycle `cycle` began; `seconds` as in Spool.cycles.

    What is certain is not replaced by what is not.
    """
    number = cycle % _NUMBERS
    before = spool.cycles.get(number)
    if before == seconds or seconds < 0 < (before or 0):
        return
    path = _path(spool, number, seconds)
    try:
        if before is None:
            open(path, "wb").close()
        else:
            os.rename(_path(spool, number, before), path)
    except OSError as e:
        raise spool.failed("date", number, e)
    spool.cycles[number] = seconds


def _forget(spool, number):
    try:
        os.remove(_path(spool, number, spool.cycles.pop(number)))
    except OSError as e:
        raise spool.failed("date", number, e)
