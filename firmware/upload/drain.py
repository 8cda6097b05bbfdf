"""Takes photos out of the spool for the uploader; loaded when one can go.

One step after the other, each in a module of its own: all would not fit in memory.
"""

import os

from s3 import S3Error

from firmware.errors import SpoolError

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_REMEMBERED = const(8)


def open_next(uploader):
    """Return the Photo to be sent next, to be closed, or None; a damaged one is set aside."""
    from firmware.spool import choose

    found = choose.find(uploader)
    if not found:
        return None
    folder, name, taken, is_exact = found
    try:
        from firmware.spool.photo import open_photo

        photo = open_photo(folder, name)
    except SpoolError as e:
        forget(uploader, name, e)
        return None
    photo.taken = taken
    if "clock-error-ms" not in photo.meta:
        from firmware.shot import metadata

        metadata.date(photo.meta, taken, is_exact)
    if uploader.refused.get(name, 0) < 0:
        photo.taken += 1  # the name of the next second
    return photo


def forget(uploader, name, why=None):
    """Remove the photo `name`, which is stored, or set it aside because of `why`."""
    card = None
    for card in uploader.place[2:]:
        card = None if card.name != name else card
    try:
        if not why:
            # Without the spool's own module, for which there is hardly memory beside a photo.
            os.remove(f"/sd/spool/{name}" if card else f"{uploader.place[0]}/{name}")
            uploader.waiting -= 1  # it is counted exactly before the next
            return
    except OSError as e:
        why = e
    from firmware.spool import choose

    choose.forget(uploader, card, name, why)


def finish(uploader, name, is_stored):
    """Forget the photo `name` if it is stored, or set it aside if what went wrong is about it.

    So it is with a photo that cannot be read, with a refusal that says so, and with one that
    comes again for this photo after others were stored meanwhile. Until then, and after any other
    refusal, the others that wait go first. Where an object has the photo's name that may be
    damaged and that the key may not replace, the photo gets another name first. Returns whether
    the next one can be sent.
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
