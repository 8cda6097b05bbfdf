"""Date the photos taken while the time was unknown.

The time is known once the store has confirmed it. A power cycle lasts from power to power.

An empty file 9CYCLE=SECONDS in the spool's folder says when the power cycle of that number began:
one write, however many photos were taken, and all or nothing when the power goes. It ends in "~"
where it is only the latest that is possible.
"""

import os

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_NUMBERS = const(100000)  # of power cycles; then they begin anew


def date(spool, cycle, offset_s, known=()):
    """Date the photos without a date; return how many. `offset_s`: UTC when the `cycle` began.

    `known` is Spool.cycles of another spool.

    A photo of it gets its time, whatever was remembered before that was known. One from before a
    power cut, with which the time got lost, gets the latest that is possible, as if the power had
    come back at once.
    Call it as soon as the time is known and before the spool is drained.
    """
    lasts, dated = _lasts(spool)
    # First, because many dates want a large piece of memory.
    for number in list(spool.cycles):
        if number not in lasts:
            _forget(spool, number)
    cycle %= _NUMBERS
    sign = 1
    # Backwards in time: each power cycle ended before the one after it.
    for number in sorted(lasts, key=lambda number: (cycle - number) % _NUMBERS):
        if number != cycle:
            sign = -1
            offset_s -= 1 + lasts[number]
        if number in spool.cycles and number != cycle:
            offset_s = abs(spool.cycles[number])
        elif number in known and number != cycle:
            offset_s = abs(known[number])
            remember(spool, number, known[number])
        else:
            remember(spool, number, sign * offset_s)
    return dated


def _lasts(spool):
    """Return {power cycle: second of its last photo} and how many photos have no date."""
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
    """Write down when the power cycle of that number began: `seconds` as Spool.cycles has it."""
    number = cycle % _NUMBERS
    before = spool.cycles.get(number)
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
    spool.cycles[number] = seconds


def _forget(spool, number):
    try:
        os.remove(_path(spool, number, spool.cycles.pop(number)))
    except OSError as e:
        raise spool.failed("date", number, e)
