"""Photos that cannot be sent now wait here, one file each, on flash or an SD card.

A file is the photo, its metadata as JSON, and 16 bytes: size and CRC-32 of the photo, length of
the metadata, and the CRC-32 of all that follows the photo, which starts from the photo's number.
A file 9CYCLE=SECONDS tells when a power cycle began whose photos did not know the time. A power
cut leaves the last file empty, or FAT, which SD cards have, with a short name such as 179349~1. No
photo is ever renamed there: a cut would leave both names, and removing the second takes another
photo's blocks along.

There may be two such folders: on the flash, and on a card if there is one that works. A place is
None for the flash, or a card as sd_card.py has it. Photos are kept on the card, and sent from
where they are.
"""

import json
import os

from firmware.log import log

# What photos leave free for the directory, the settings and the sequence: 8 flash blocks.
_SPARE_BYTES = 32768
# Far more power cycles than wait for their date.
_EMPTY_FILES = 999
# ENOSPC and FAT's EACCES for a full directory: the card is good, and has thinned its photos.
_FULL = (28, 13)


def photo_name(seq, seconds, cycle=None):
    """Return the name for photo number `seq` taken at UTC `seconds` since 1970.

    While the time is unknown, `seconds` count from when the `cycle` began, see supervisor.py:
    such a photo waits until spool/date.py knows when that was.
    """
    if cycle is None:
        return f"{seconds:010}-{seq:06}"
    return f"9{cycle % 100000:05}{max(seconds, 0):08}-{seq:06}"


class Spool:
    """The photos that wait in `folder`, of at most `limit_bytes` together.

    `photos` and `bytes` say what waits, `thinned` and `damaged` how many photos were given up
    since the start, `written_bytes` what went to flash, `body_started` whether some of a body that
    is to be kept was read. Every method raises SpoolError.
    """

    def __init__(self, folder, limit_bytes):
        self.folder = folder
        self.limit_bytes = limit_bytes
        self.thinned = self.damaged = self.written_bytes = 0
        self.body_started = False
        # {power cycle: UTC when it began, below 0 where that is the latest possible}: whole
        # numbers, because there may be as many as photos.
        self.cycles = {}
        try:
            os.mkdir(folder)
        except OSError:
            pass  # it is there, or the listing says what is wrong
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
        # Asked again, because a listing of flash that cannot be read has names and sizes of air.
        try:
            return not os.stat(f"{self.folder}/{name}")[6]
        except OSError:
            return False

    def discard(self, name):
        """Remove what is no photo."""
        try:
            os.remove(f"{self.folder}/{name}")
        except OSError:
            pass  # never made; or the next start tries again

    def _entries(self):
        empty = 0
        try:
            for entry in os.ilistdir(self.folder):
                # Where flash cannot be read, MicroPython lists an empty file, forever.
                size = entry[-1]
                empty += not size
                if empty > _EMPTY_FILES:
                    raise OSError(5)  # EIO
                yield entry[0], size
        except OSError as e:
            raise self.failed("list", "", e)

    def names(self, left_over=None):
        """Yield the names in any order, and count all that waits on the way.

        What a power cut left goes into the list `left_over`, if there is one.
        """
        photos = total = 0
        for name, size in self._entries():
            head, _, seq = name.partition("-")
            # Whatever else lies in the folder is left alone.
            if size and len(head) in (10, 14) and seq and (head + seq).isdigit():
                photos += 1
                total += size
                yield name
            elif left_over is not None and self._is_left_over(name, size):
                left_over.append(name)
        self.photos = photos
        self.bytes = total

    def taken(self, name):
        """Return when a photo was taken, UTC seconds since 1970, or 0 while that is unknown."""
        if name < "9":
            return int(name[:10])
        began = self.cycles.get(int(name[1:6]))
        return abs(began) + int(name[6:14]) if began else 0

    def is_exact(self, name):
        """Return whether taken() is more than the latest that is possible."""
        return name < "9" or self.cycles.get(int(name[1:6]), 0) >= 0

    def _dated(self, but):
        for name in self.names():
            taken = self.taken(name)
            if taken and name not in but:
                yield taken, name

    def newest(self, but=()):
        """Return the name of the newest photo whose date is known, none of `but`, or None."""
        return max(self._dated(but), default=(0, None))[1]

    def oldest(self, but=()):
        """Return the name of the oldest photo whose date is known, none of `but`, or None."""
        return min(self._dated(but), default=(0, None))[1]

    def lacks(self, need_bytes):
        """Return whether there is no room for a file of `need_bytes`; note the `free_bytes`."""
        try:
            status = os.statvfs(self.folder)
        except OSError as e:
            raise self.failed("read", "", e)
        self.free_bytes = status[1] * status[3] - _SPARE_BYTES
        return self.bytes + need_bytes > self.limit_bytes or need_bytes > self.free_bytes

    def put(self, body, buf, name, meta):
        """Keep `body` as `name`, made by photo_name(), with `meta` for JSON; thin to make room.

        A photo for which this returns outlives a power cut. What `body` raises goes up, and then
        nothing is kept. `buf` is the caller's bytearray, through which the photo streams.
        """
        tail = json.dumps(meta).encode()
        need_bytes = body.size + len(tail) + 16
        if self.lacks(need_bytes):
            from firmware.spool import thin

            thin.make_room(self, need_bytes)
        # Not before there is room: both would not fit in memory.
        from firmware.spool import put

        put.put(self, body, buf, name, tail)

    def remove(self, name):
        """Forget a photo that is stored elsewhere or given up."""
        path = f"{self.folder}/{name}"
        try:
            size = os.stat(path)[6]
            os.remove(path)
        except OSError as e:
            raise self.failed("remove", name, e)
        self.photos -= 1
        self.bytes -= size


def place(uploader, with_out=False):
    """Return the places where photos may wait, the flash first; a card that is out if wanted."""
    return [None] + [card for card in uploader.place[2:] if with_out or not card.absent]


def open_spool(uploader, card):
    """Return the Spool of a place; raises SpoolError."""
    if card:
        return Spool(card.folder, card.limit_bytes)
    return Spool(*uploader.place[:2])


def drop(uploader, card, error):
    """Use the flash alone, because `error` says that the card failed; raises it for the flash."""
    if not card:
        raise error
    if error.errno in _FULL:
        return  # what went wrong is over
    card.absent = True
    for folder in list(card.photos):
        if folder != uploader.place[0]:
            del card.photos[folder]
    _sum(uploader, card.photos)
    log("E spool on the flash", why=error)


def note(uploader, spool):
    """Tell `uploader` what waits, and count what was given up since `spool` was opened."""
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
