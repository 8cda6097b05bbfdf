"""Take photos out of the spool for the uploader; loaded when one can be sent.

Each step is a module of its own, loaded one after the other: all would not fit in memory.
"""

import os

from s3 import S3Error

from firmware import clock
from firmware.errors import SpoolError
from firmware.shot.key import photo_key

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_REMEMBERED = const(8)


def open_next(uploader):
    """Return the next Photo to send, or None; close it after use. Quarantines a damaged one."""
    from firmware.spool import choose

    found = choose.find(uploader)
    if not found:
        return None
    folder, name, taken, is_exact = found
    try:
        from firmware.spool.photo import open_photo

        photo = open_photo(folder, name)
        photo.taken = taken
        if b"\nclock-error-ms=" not in photo.meta:
            # Only a camera that sleeps saves the end of a pause, see power/sleep.py.
            _date(photo, is_exact, "pause_until" in uploader.counters)
    except SpoolError as e:
        forget(uploader, name, e)
        return None
    if uploader.refused.get(name, 0) < 0:
        photo.taken += 1  # the name of the next second
    photo.key = photo_key(uploader.device, clock.fields(photo.taken), photo.seq)
    return photo


def _date(photo, is_exact, sleeps):
    from firmware.shot import metadata

    photo.meta = metadata.date(photo.meta, photo.taken, is_exact, sleeps)
    try:
        from firmware.spool import exif

        exif.date(photo)
    except Exception:
        photo.close()
        raise


def forget(uploader, name, why=None):
    """Remove the stored photo `name`, or quarantine it because of the error `why`."""
    card = None
    for card in uploader.place[2:]:
        card = None if card.name != name else card
    try:
        if not why:
            # Do not load the spool's own module: next to a photo there is hardly memory for it.
            os.remove(f"/sd/spool/{name}" if card else f"{uploader.place[0]}/{name}")
            uploader.waiting -= 1  # an exact count follows before the next photo
            return
    except OSError as e:
        why = e
    from firmware.spool import choose

    choose.forget(uploader, card, name, why)


def finish(uploader, name, is_stored):
    """Remove the photo `name` if it is stored, or quarantine it if it is at fault.

    A photo is at fault if it cannot be read, if the refusal says so, or if it is refused again
    after other photos were stored in the meantime. Until then, and after any other refusal, the
    other waiting photos go first. If an object with the photo's name exists that may be damaged,
    and the key may not replace it, the photo first gets another name. Returns whether the next
    photo can be sent.
    """
    why = uploader.why
    uploader.why = None  # an exception takes half a KB
    if is_stored or not why:
        if is_stored:
            forget(uploader, name)
        return is_stored
    stored = uploader.counters["stored"]
    refused = uploader.refused
    since = refused.get(name, stored)
    is_its_own = not isinstance(why, S3Error) or why.action in ("object", "body")
    is_renamed = is_its_own and since >= 0 and getattr(why, "status", 0) == 403
    is_over = is_its_own or (why.action == "fatal" and stored > max(since, ~since))
    if is_over and not is_renamed:
        refused.pop(name, None)
        forget(uploader, name, why)
        return True
    if why.status:
        if len(refused) >= _REMEMBERED:
            refused.clear()
        refused[name] = ~stored if is_renamed else since
    return is_renamed
