"""Download a piece of a release's file; loaded only for that.

This module lies in memory beside TLS and the request, so it is as short as it can be.
"""

from s3 import S3Error

from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_PIECE_BYTES = const(32768)  # of one request: a few seconds
_SOON_S = const(1)
_AGAIN_S = const(300)


def get(app, target, size, digest):
    """Append a piece to `target`.part, and to its hash in app.hash (see fetch.py) as it comes.

    Returns the seconds until the next step, None at the end. `digest` is the SHA-256 in hex, which
    is also the object's name.
    """
    uploader = app.uploader
    uploader.feed()
    code = ""
    after_s = 0
    hashed = app.hash[2]
    app.hash[1] = -1  # until the file is closed: if that fails, it lacks what was hashed
    with open(target + ".part", "ab") as f:
        have = f.seek(0, 2)
        if have < size:
            most = min(size - have, _PIECE_BYTES)
            uploader.counters["requests"] += 1
            uploader.counters["sent_kb"] += most >> 10

            def write(piece):
                f.write(piece)
                hashed.update(piece)

            try:
                from s3 import download

                key = f"{uploader.device}/_update/{digest}"
                download.get(uploader.store, key, have, most, write)
            except S3Error as e:
                code = e.code if e.status else ""
                if not code or e.status >= 500:
                    log("W update waits", why=e)
                    after_s = _AGAIN_S
        there = f.seek(0, 2)
    app.hash[1] = there
    if not after_s and not code and have + _PIECE_BYTES < size:
        after_s = _SOON_S
    if after_s:
        return after_s
    from firmware.update import whole

    return whole.check(app, target, size, digest, code)
