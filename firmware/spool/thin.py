"""Thin a full spool so that the remaining photos are spread evenly in time.

A folder lists its names in any order and may hold thousands, too many to sort. So this counts
photos per cell of time, to find a few that are close together.
"""

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_FEW = const(16)  # names in memory at once
_CELLS = const(31)  # counts in memory at once; with one more the list would double
_CROWD = const(4)  # least photos in the densest cell, to have some to choose from
# Each power cycle without a date gets its own 12 days of time, after all dated photos.
_CYCLE_BITS = const(20)
_UNDATED = const(1 << 32)


def make_room(spool, need_bytes):
    """Remove photos until a file of `need_bytes` has room; raises SpoolError if it never will."""
    while spool.lacks(need_bytes):
        from firmware.spool import quarantine

        if need_bytes > spool.free_bytes and quarantine.drop(spool, 0):
            continue
        if min(spool.limit_bytes, spool.free_bytes + spool.bytes) < need_bytes:
            raise spool.failed("make room in", "", f"{need_bytes} bytes do not fit")
        thin(spool)


def thin(spool):
    """Remove a photo whose neighbors are close to each other in time, and count it.

    The oldest and the newest photo are removed last. The folder is listed once for up to 16
    photos, twice for some 200, three times for thousands.
    """
    low, high, count = 0, _UNDATED << _CYCLE_BITS, spool.photos
    while count > _FEW and high - low > 1:
        low, high, count = _densest(spool, low, high)
    name = _closest(spool, low, high)
    if name:
        spool.remove(name)
        spool.thinned += 1


def _place(spool, name):
    taken = spool.taken(name)
    return taken or _UNDATED + (int(name[1:6]) << _CYCLE_BITS) + int(name[6:14])


def _densest(spool, low, high):
    # Return (low, high, count) of the cell with the most photos. Cells are widened until there
    # are few of them and one has enough photos to choose from. A dict would need 592 bytes in one
    # block. Counts stop at 255: the difference does not matter beyond it.
    shift = 0
    cells = []
    counts = bytearray(_CELLS + 1)
    for name in spool.names():
        place = _place(spool, name)
        if low <= place < high:
            _count(cells, counts, place >> shift, 1)
            while len(cells) > _CELLS:
                shift += 1
                _widen(cells, counts)
    while len(cells) > 1 and max(counts) < _CROWD:
        shift += 1
        _widen(cells, counts)
    # Among equals, pick one far from the last ones: 159 / 256 is near the golden ratio.
    count, _, at = max((counts[i], cells[i] * 159 & 255, cells[i]) for i in range(len(cells)))
    return max(low, at << shift), min(high, (at + 1) << shift), count


def _count(cells, counts, at, photos):
    if at not in cells:
        counts[len(cells)] = 0
        cells.append(at)
    i = cells.index(at)
    counts[i] = min(counts[i] + photos, 255)


def _widen(cells, counts):
    narrow = list(cells)
    before = bytes(counts)
    cells.clear()
    for i in range(len(counts)):
        counts[i] = 0
    for i in range(len(narrow)):
        _count(cells, counts, narrow[i] >> 1, before[i])


def _closest(spool, low, high):
    # Return the name between `low` and `high` whose neighbors are closest to each other.
    before = after = None
    few = []
    for name in spool.names():
        place = _place(spool, name)
        if place < low:
            before = max(place, before or 0)
        elif place >= high:
            after = min(place, after or place)
        elif len(few) < _FEW:
            few.append((place, name))
    few.sort()
    best = None
    victim = few[0][1] if few else None  # the older one of two
    for i in range(len(few)):
        left = few[i - 1][0] if i else before
        right = few[i + 1][0] if i + 1 < len(few) else after
        if left is not None and right is not None and (best is None or right - left < best):
            best = right - left
            victim = few[i][1]
    return victim
