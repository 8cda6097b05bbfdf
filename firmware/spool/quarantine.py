"""Take a damaged photo out of the queue."""

import os

# For a look at what went wrong.
_KEPT = 2


def put(spool, name):
    """Rename a photo that cannot be read to "damaged-...", or remove it if that fails."""
    try:
        # FAT, on a card, might keep both names, and littlefs 2.11 hides one file more when the
        # power goes in a move into another folder.
        if spool.folder.startswith("/sd/"):
            raise OSError
        drop(spool, _KEPT - 1)
        os.rename(f"{spool.folder}/{name}", f"{spool.folder}/damaged-{name}")
        spool.newest()
    except OSError:
        spool.remove(name)
    spool.damaged += 1


def drop(spool, kept):
    """Remove what was set aside but for the last `kept`; return whether that made room."""
    try:
        names = [e[0] for e in os.ilistdir(spool.folder) if e[0].startswith("damaged-")]
        names.sort()
        names = names[: max(len(names) - kept, 0)]
        for name in names:
            os.remove(f"{spool.folder}/{name}")
        return bool(names)
    except OSError:
        return False
