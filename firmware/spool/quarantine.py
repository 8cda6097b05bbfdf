"""Take a damaged photo out of the queue."""

import os

# How many to keep, so that you can find out what went wrong.
_KEPT = 2


def put(spool, name):
    """Rename a damaged or refused photo to "damaged-...", or remove it if that fails."""
    try:
        # A power cut during the rename may leave both names on FAT (the card). On littlefs 2.11,
        # a power cut during a move into another folder hides one more file.
        if spool.folder.startswith("/sd/"):
            raise OSError
        drop(spool, _KEPT - 1)
        os.rename(f"{spool.folder}/{name}", f"{spool.folder}/damaged-{name}")
        spool.newest()
    except OSError:
        spool.remove(name)
    spool.damaged += 1


def drop(spool, kept):
    """Remove all quarantined photos but the last `kept`; return whether that made room."""
    try:
        names = [e[0] for e in os.ilistdir(spool.folder) if e[0].startswith("damaged-")]
        names.sort()
        names = names[: max(len(names) - kept, 0)]
        for name in names:
            os.remove(f"{spool.folder}/{name}")
        return bool(names)
    except OSError:
        return False
