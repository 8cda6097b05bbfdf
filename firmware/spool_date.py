"""Date the photos taken while the time was unknown; to be called through rare.py.

An empty file START=SECONDS in the spool's folder says when a start began: one write, however
many photos it took, and all or nothing when the power goes. It ends in "~" where it is only the
latest that is possible.
"""

import os


def date(spool, boot, offset_s):
    """Date the photos without a date; return how many. `offset_s`: UTC when `boot` started.

    A photo of `boot` gets its time. One of an earlier start, which ended without ever knowing
    the time, gets the latest that is possible, as if no time had passed between the starts.
    Call it once at each start, as soon as the time is known and before the spool is drained.
    """
    lasts, dated = _lasts(spool)
    for start in list(spool.starts):
        if start not in lasts:
            _forget(spool, start)
    mark = ""
    # Backwards in time: each start ended before the one after it.
    for start in sorted(lasts, key=lambda start: (boot - int(start[1:])) % 100000):
        if int(start[1:]) != boot % 100000:
            mark = "~"
            offset_s -= 1 + lasts[start]
        if start in spool.starts:
            offset_s = int(spool.starts[start].rstrip("~"))
        else:
            remember(spool, start, f"{offset_s}{mark}")
    return dated


def _lasts(spool):
    """Return {start: the second of its last photo} and the count of the photos without a date."""
    lasts = {}
    dated = 0
    for name in spool.names():
        if name > "9":
            lasts[name[:6]] = max(int(name[6:14]), lasts.get(name[:6], 0))
            dated += not spool.taken(name)
    return lasts, dated


def remember(spool, start, seconds):
    """Write down when the start of that number began: `seconds` as text, perhaps with "~"."""
    try:
        open(f"{spool.folder}/{start}={seconds}", "wb").close()
    except OSError as e:
        raise spool.failed("date", start, e)
    spool.starts[start] = seconds


def _forget(spool, start):
    try:
        os.remove(f"{spool.folder}/{start}={spool.starts.pop(start)}")
    except OSError as e:
        raise spool.failed("date", start, e)
