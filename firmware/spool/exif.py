"""Date the EXIF block of a waiting photo that was taken before the time was known."""

from firmware import clock

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_HEAD_BYTES = const(84)
_TIMES = const(20)  # in a photo, see lib/exif.py


def date(photo):
    """Have `photo` sent with the date of photo.taken, if it has a block without one.

    Nothing is written: a file on flash cannot be changed at its start without writing all of it
    again. What the flash needs is the date of the power cycle, see spool/date.py. Raises
    SpoolError.
    """
    head = bytearray(_HEAD_BYTES)
    photo.readinto(head)
    photo.seek(0)
    # "Exif", and behind the head of the TIFF the 27 bytes of a time that is not known.
    if head[6:10] != b"Exif" or head[20:47] != b"    :  :     :  :  \0   :  \0":
        return
    taken = photo.taken
    offset_s = _offset_s(taken)
    local = clock.fields(taken + offset_s)
    import exif  # after the time zone's code, which is larger

    exif.date(head, _TIMES, local, offset_s // 60, clock.fields(taken))
    photo.times = head[_TIMES:]


def _offset_s(taken):
    from firmware.settings import config

    zone = config.section("schedule")["timezone"]
    from firmware.shot import time_zone

    return time_zone.find(taken, zone)[2]
