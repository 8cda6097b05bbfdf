"""Move what waits on the flash to the SD card; to be called through rare.py at the start.

Photos get there while the card is missing or broken, and would wait on until it is so again.
"""

from firmware import rare
from firmware.errors import SpoolError


def move(source, target, buf):
    """Move the photos of one Spool into another through `buf`; return how many.

    A power cut leaves a photo in both, at worst; call it again before anything is sent. Raises
    SpoolError where `target` takes no more; the rest stays.
    """
    for era, seconds in source.eras.items():
        if era not in target.eras:
            rare.call("spool_date", "remember", target, era, seconds)
    moved = 0
    for name in list(source.names()):
        if not _is_whole(source, name, buf):
            rare.call("spool_aside", "set_aside", source, name)
            continue
        photo = rare.call("spool_photo", "open_photo", source, name)
        try:
            target.put(photo, buf, name, photo.meta)
        finally:
            photo.close()
        source.remove(name)
        moved += 1
    target.newest()  # counts anew, because some were in both
    return moved


def _is_whole(source, name, buf):
    try:
        photo = rare.call("spool_photo", "open_photo", source, name)
    except SpoolError:
        return False
    try:
        while photo.readinto(buf):
            pass
        return True
    except SpoolError:
        return False
    finally:
        photo.close()
