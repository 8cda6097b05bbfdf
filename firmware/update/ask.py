"""Ask the bucket for a release, once with each health report; loaded only for that.

This module lies in memory beside TLS and the request, so it is as short as it can be.
"""

import os

from s3 import S3Error

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_MOST_BYTES = const(384 + 8192)  # of a manifest


def ask(app, path):
    """Ask for a release, and write it to `path`.part; return the step that takes the answer."""
    from firmware.update import seen

    etag = seen.read()[0]
    seen = None
    uploader = app.uploader
    store = uploader.store
    uploader.counters["requests"] += 1
    file = []

    def write(piece):
        # The file begins with the first piece, because most answers bring none.
        if not file:
            if "update" not in os.listdir("/"):
                os.mkdir("/update")
            file.append(open(path + ".part", "wb"))
        file[0].write(piece)

    try:
        from s3 import download

        key = uploader.device + "/_update/release"
        found = store.attempt(download.get, store, key, 0, _MOST_BYTES + 1, write, etag)
    except S3Error as e:
        found = e
    finally:
        for f in file:
            f.close()
    from firmware.update import answer

    return answer.take, found
