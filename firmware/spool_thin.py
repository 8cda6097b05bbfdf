"""Give photos up evenly: one of two, then one of four ...; to be called through rare.py."""

from firmware import rare


def make_room(spool, need_bytes):
    """Remove photos until a file of `need_bytes` has room; raises SpoolError if it never will."""
    while spool.lacks(need_bytes):
        if need_bytes > spool.free_bytes and rare.call("spool_aside", "drop", spool, 0):
            continue
        if min(spool.limit_bytes, spool.free_bytes + spool.bytes) < need_bytes:
            raise spool.failed("make room in", "", f"{need_bytes} bytes are too many")
        thin(spool)


def thin(spool):
    """Remove the photo whose number the fewest twos divide, the oldest of those, and count it.

    So what stays is spaced evenly over an outage of any length. The newest is the last to go.
    """
    newest = victim = None
    for name in spool.names():
        seq = int(name.partition("-")[2])
        photo = (seq & -seq, seq, name)
        if not newest or seq > newest[1]:
            photo, newest = newest, photo
        if photo and (not victim or photo < victim):
            victim = photo
    if newest:
        spool.remove((victim or newest)[2])
        spool.thinned += 1
