"""Take the bucket's answer to the question for a release; loaded once for each."""

import os

from s3 import S3Error

from firmware import clock
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_NEW = "/update/release.new"  # accept.py judges it
_EMPTY = const(416)  # no byte is in the range
_NONE = (403, 404)  # without the right to list, S3 answers 403 for an object that is missing


def take(app, found):
    """Return 0 if there is a new release, else None.

    `found` is the result of s3.download.get(), or the S3Error that it raised.
    """
    from firmware.update import seen

    etag, expires, refused = seen.read()
    seen = None
    if isinstance(found, S3Error):
        if found.status == _EMPTY:
            _note("", 0, "its manifest has 0 bytes")
        elif found.status not in _NONE:
            log("W update not asked for", why=found)
        return None
    if found[0] != 304:
        if found[1] != etag:
            app.counters.pop("short", None)  # what short.py knows of another one
        os.rename(_NEW + ".part", _NEW)
        _note(found[1], 0, "")
        return 0
    if 0 < expires <= clock.now() and not refused:
        # Somebody may hold back what the owner has pushed since.
        _note(etag, expires, "it has expired; sign and push it anew")
    return None


def _note(etag, expires, refused):
    if refused:
        log("E update refused", why=refused)
    from firmware.update import seen

    seen.write(etag, expires, refused)
