"""Ask the bucket for a release, once with each health report; loaded only for that."""

import os

from s3 import S3Error

from firmware import clock
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_NEW = "/update/release.new"  # accept.py judges it
_MOST_BYTES = const(384 + 8192)  # of a manifest
_EMPTY = const(416)  # no byte is in the range
_NONE = (403, 404)  # without the right to list, S3 answers 403 for an object that is missing


def ask(app):
    """Ask for a release; return 0 if there is a new one, else None."""
    from firmware.update import seen

    etag, expires, refused = seen.read()
    seen = None
    file = []
    try:
        status, found = _get(app, file, etag)
    except S3Error as e:
        if e.status == _EMPTY:
            _note("", 0, "its manifest has 0 bytes")
        elif e.status not in _NONE:
            log("W update not asked for", why=e)
        return None
    finally:
        for f in file:
            f.close()
    if status != 304:
        os.rename(_NEW + ".part", _NEW)
        _note(found, 0, "")
        return 0
    if 0 < expires <= clock.now() and not refused:
        # Somebody may hold back what the owner has pushed since.
        _note(etag, expires, "it has expired; sign and push it anew")
    return None


def _get(app, file, etag):
    def write(piece):
        # The file begins with the first piece, because most answers bring none.
        if not file:
            if "update" not in os.listdir("/"):
                os.mkdir("/update")
            file.append(open(_NEW + ".part", "wb"))
        file[0].write(piece)

    uploader = app.uploader
    uploader.counters["requests"] += 1
    key = uploader.device + "/_update/release"
    from s3 import download

    return download.get(uploader.store, key, 0, _MOST_BYTES + 1, write, etag)


def _note(etag, expires, refused):
    if refused:
        log("E update refused", why=refused)
    from firmware.update import seen

    seen.write(etag, expires, refused)
