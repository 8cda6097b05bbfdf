"""Keep photos that cannot be sent now, one file each, on flash or an SD card.

A file has the photo, its metadata as JSON, and 16 bytes: size and CRC-32 of the photo, length of
the metadata, and the CRC-32 of everything after the photo, with the photo's number as its start
value. A file 9CYCLE=SECONDS says when a power cycle began whose photos were taken without knowing
the time. A power cut leaves the last file empty, or on FAT (SD cards) with a short name such as
179349~1. No photo on FAT is ever renamed: a power cut could leave both names, and removing the
second one would free another photo's blocks too.

There may be two such folders: one on the flash, and one on a working card. A place is None for
the flash, or a card object from sd_card.py. New photos go to the card if there is one, and are
sent from where they are.
"""

import os

from firmware.log import log

# Photos leave this much free for the directory, the settings and the sequence: 8 flash blocks.
_SPARE_BYTES = 32768
# Far more than there can be power cycles whose photos wait for a date.
_EMPTY_FILES = 999
# ENOSPC, and FAT's EACCES for a full directory: the card works, and its photos were thinned.
_FULL = (28, 13)


def photo_name(seq, seconds, cycle=None):
    """Return the file name for photo number `seq`, taken at UTC `seconds` since 1970.

    While the time is unknown, pass the power `cycle` and the seconds since it began, see
    supervisor.py. Such a photo waits until spool/date.py knows when that was.
    """
    if cycle is None:
        return f"{seconds:010}-{seq:06}"
    return f"9{cycle % 100000:05}{max(seconds, 0):08}-{seq:06}"


class Spool:
    """The photos that wait in `folder`, at most `limit_bytes` together.

    `photos` and `bytes` count them. `thinned` and `damaged` count the photos given up since this
    object was made, `written_bytes` the bytes written. `body_started` says whether put() has read
    from a body. Every method raises SpoolError.
    """

    def __init__(self, folder, limit_bytes):
        self.folder = folder
        self.limit_bytes = limit_bytes
        self.thinned = self.damaged = self.written_bytes = 0
        self.body_started = False
        # {power cycle: UTC when it began, negative if that is not certain, see date.py}.
        # Integers, because there may be as many power cycles as photos.
        self.cycles = {}
        try:
            os.mkdir(folder)
        except OSError:
            pass  # it exists, or the listing below raises the error
        left_over = []  # not removed while the folder is being listed
        for _ in self.names(left_over):
            pass
        for name in left_over:
            self.discard(name)

    def failed(self, action, name, why):
        """Return the SpoolError for a failed `action`; `why` is the OSError or text."""
        from firmware.spool import words

        return words.failed(action, f"{self.folder}/{name}", why)

    def _is_left_over(self, name, size):
        cycle, _, seconds = name.partition("=")
        if seconds and (cycle[1:] + seconds.rstrip("~")).isdigit():
            sign = -1 if seconds.endswith("~") else 1
            self.cycles[int(cycle[1:])] = sign * int(seconds.rstrip("~"))
            return False
        if "~" in name or size or not name[:10].isdigit():
            return "~" in name
        # Check again: a listing of unreadable flash gives random names and sizes.
        try:
            return not os.stat(f"{self.folder}/{name}")[6]
        except OSError:
            return False

    def discard(self, name):
        """Remove a file that is not a complete photo."""
        try:
            os.remove(f"{self.folder}/{name}")
        except OSError:
            pass  # it was never created, or the next start tries again

    def _entries(self):
        empty = 0
        try:
            for entry in os.ilistdir(self.folder):
                # If the flash cannot be read, MicroPython lists an empty file forever.
                size = entry[-1]
                empty += not size
                if empty > _EMPTY_FILES:
                    raise OSError(5)  # EIO
                yield entry[0], size
        except OSError as e:
            raise self.failed("list", "", e)

    def names(self, left_over=None):
        """Yield the names of all photos, in any order, and update `photos` and `bytes`.

        The remains of a power cut are appended to the list `left_over`, if given.
        """
        photos = total = 0
        for name, size in self._entries():
            head, _, seq = name.partition("-")
            # Other files in the folder are left alone.
            if size and len(head) in (10, 14) and seq and (head + seq).isdigit():
                photos += 1
                total += size
                yield name
            elif left_over is not None and self._is_left_over(name, size):
                left_over.append(name)
        self.photos = photos
        self.bytes = total

    def taken(self, name):
        """Return when a photo was taken, in UTC seconds since 1970, or 0 while unknown."""
        if name < "9":
            return int(name[:10])
        began = self.cycles.get(int(name[1:6]))
        return abs(began) + int(name[6:14]) if began else 0

    def is_exact(self, name):
        """Return whether taken() is exact, and not only the likeliest or latest possible time."""
        return name < "9" or self.cycles.get(int(name[1:6]), 0) >= 0

    def _dated(self, but):
        for name in self.names():
            taken = self.taken(name)
            if taken and name not in but:
                yield taken, name

    def newest(self, but=()):
        """Return the newest photo with a known date that is not in `but`, or None."""
        return max(self._dated(but), default=(0, None))[1]

    def oldest(self, but=()):
        """Return the oldest photo with a known date that is not in `but`, or None."""
        return min(self._dated(but), default=(0, None))[1]

    def lacks(self, need_bytes):
        """Return whether there is no room for a file of `need_bytes`; set `free_bytes`."""
        try:
            status = os.statvfs(self.folder)
        except OSError as e:
            raise self.failed("read", "", e)
        self.free_bytes = status[1] * status[3] - _SPARE_BYTES
        return self.bytes + need_bytes > self.limit_bytes or need_bytes > self.free_bytes

    def put(self, body, buf, name, tail):
        """Keep `body` as `name` (from photo_name()) with `tail`, its metadata as JSON in bytes.

        It thins to make room.

        Once this returns, the photo survives a power cut. If `body` raises an error, it is
        propagated, and nothing is kept. The photo streams through the caller's bytearray `buf`.
        """
        need_bytes = body.size + len(tail) + 16
        if self.lacks(need_bytes):
            from firmware.spool import thin

            thin.make_room(self, need_bytes)
        # Import this only after thin is done: both would not fit in memory.
        from firmware.spool import put

        put.put(self, body, buf, name, tail)

    def remove(self, name):
        """Remove a photo that is stored in the bucket or given up."""
        path = f"{self.folder}/{name}"
        try:
            size = os.stat(path)[6]
            os.remove(path)
        except OSError as e:
            raise self.failed("remove", name, e)
        self.photos -= 1
        self.bytes -= size


def place(uploader, with_out=False):
    """Return the places for photos, flash first; `with_out` includes an absent card."""
    return [None] + [card for card in uploader.place[2:] if with_out or not card.absent]


def open_spool(uploader, card):
    """Return the Spool of a place; raises SpoolError."""
    if card:
        return Spool(card.folder, card.limit_bytes)
    return Spool(*uploader.place[:2])


def drop(uploader, card, error):
    """Use only the flash from now on, as the card failed with `error`; raise it for the flash."""
    if not card:
        raise error
    if error.errno in _FULL:
        return  # thinning has made room
    card.absent = True
    for folder in list(card.photos):
        if folder != uploader.place[0]:
            del card.photos[folder]
    _sum(uploader, card.photos)
    log("E spool on the flash", why=error)


def note(uploader, spool):
    """Update the uploader's numbers of waiting photos and its counters from `spool`."""
    counts = {}
    for card in uploader.place[2:]:
        counts = card.photos
    if spool.folder == uploader.place[0] or len(place(uploader)) > 1:
        counts[spool.folder] = spool.photos, spool.bytes >> 10
    _sum(uploader, counts)
    counters = uploader.counters
    counters["thinned"] += spool.thinned
    counters["damaged"] += spool.damaged
    counters["written_kb"] += spool.written_bytes >> 10
    if spool.thinned:
        log("W spool thinned", photos=spool.thinned)


def _sum(uploader, counts):
    uploader.waiting = sum(photos for photos, _ in counts.values())
    uploader.waiting_kb = sum(kb for _, kb in counts.values())
