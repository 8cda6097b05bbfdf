"""Takes photos out of the spool for the uploader; loaded when one can go."""

import random

from s3 import S3Error

from firmware import clock, rare
from firmware.errors import SpoolError
from firmware.log import log
from firmware.uploader_spool import note, open_spool

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# The newest are what people look for; but one of four is the oldest. By chance, because
# any count would fall into step with the live photos in between.
_OLDEST_BITS = const(2)
_REMEMBERED = const(8)


def open_next(uploader):
    """Return the Photo to be sent next, to be closed, or None; a damaged one is set aside."""
    spool = open_spool(uploader)
    pick = spool.newest if random.getrandbits(_OLDEST_BITS) else spool.oldest
    # What was refused lately waits for the others.
    name = pick(uploader.refused) or pick()
    try:
        photo = name and rare.call("spool_photo", "open_photo", spool, name)
    except SpoolError as e:
        forget(uploader, name, e)
        return None
    if photo and "clock-error-ms" not in photo.meta:
        rare.call("metadata", "date", photo.meta, photo.taken, photo.is_exact)
    if photo and uploader.refused.get(name, 0) < 0:
        photo.taken += 1  # the name of the next second
    return photo


def forget(uploader, name, why=None):
    """Remove the photo `name`, which is stored, or set it aside because of `why`."""
    spool = open_spool(uploader)
    if why:
        is_refused = isinstance(why, S3Error)
        log("E spool refused" if is_refused else "E spool damaged", name=name, why=why)
        rare.call("spool_aside", "set_aside", spool, name)
        if is_refused:
            spool.damaged -= 1
            uploader.tally["refused"] += 1
    else:
        spool.remove(name)
    note(uploader, spool)


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
    stored = uploader.tally["stored"]
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


def propose(uploader):
    """Write down when the era began, for the time after a power cut: a time server has said so."""
    try:
        spool = open_spool(uploader)
        rare.call("spool_date", "remember", spool, uploader.tally["era"], clock.era_s)
    except SpoolError as e:
        log("E spool unusable", why=e)


def date(uploader):
    """Date the photos from before the time was known, which is over.

    What is new can be sent even if that fails; what waits cannot before it was done.
    """
    tally = uploader.tally
    uploader.is_time_known = True
    try:
        spool = open_spool(uploader)
        dated = rare.call("spool_date", "date", spool, tally["era"], clock.era_s)
        tally["known_era"] = tally["era"]
        if dated:
            log("I spool dated", photos=dated)
    except SpoolError as e:
        log("E spool unusable", why=e)
