"""Download a piece of a release's file; loaded only for that.

This module lies in memory beside TLS and the request, so it is as short as it can be.
"""

from s3 import S3Error


def get(app, piece):
    """Append `piece` to a file of the release, and to its hash in app.hash, as it comes.

    It is (path, size, key, first byte, bytes), see fetch.py. Returns the seconds until the next
    step, None at the end.
    """
    _, _, key, first, most = piece
    app.hash[1] = -1  # until the file is closed: if that fails, it lacks what was hashed
    error = None
    opened = []

    def write(part):
        # Not before the request is sent, which takes the most memory.
        if not opened:
            opened.append(open(piece[0] + ".part", "ab"))
        opened[0].write(part)
        app.hash[2].update(part)

    try:
        from s3 import download

        store = app.uploader.store
        store.attempt(download.get, store, key, first, most, write)
    except S3Error as e:
        error = e
    finally:
        for f in opened:
            f.close()
    from firmware.update import whole

    return whole.check(app, piece, error)
