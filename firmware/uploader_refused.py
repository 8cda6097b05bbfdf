"""Gives a waiting photo up that the store refuses for what it is; loaded after a refusal.

Whatever the store says of one photo, the others go on.
"""

from s3 import S3Error

from firmware import rare

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_REMEMBERED = const(8)


def give_up(uploader, name):
    """Set the photo `name` aside if `uploader.refusal` is about it; return whether it is.

    So it is with a photo that cannot be read, with a refusal that says so, and with one that
    comes again for this photo after others were stored meanwhile. Until then, and after any
    other refusal, the others that wait go first.
    """
    why = uploader.refusal
    stored = uploader.tally["stored"]
    refused = uploader.refused
    is_its_own = not isinstance(why, S3Error) or why.action in ("object", "body")
    if is_its_own or (why.action == "fatal" and stored > refused.get(name, stored)):
        refused.pop(name, None)
        rare.call("uploader_drain", "forget", uploader, name, why)
        return True
    if why.status:
        if len(refused) >= _REMEMBERED:
            refused.clear()
        refused.setdefault(name, stored)
    return False
