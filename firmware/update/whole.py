"""Take a file of a release that has been downloaded, if it is what was signed."""

from binascii import hexlify

from firmware.log import log
from firmware.update import files

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_DONE = "/update/done.txt"
_MISSING = ("NoSuchKey", "AccessDenied")
_OF_FILE = ("NoSuchKey", "AccessDenied", "InvalidRange")
_SOON_S = const(1)
_AGAIN_S = const(300)


def check(app, piece, error=None):
    """Return the seconds until the next step, None if the release is given up for now.

    `piece` is that of piece.get(), and app.hash has what came; `error` is the S3Error that came
    instead.
    """
    target, size, key, first, most = piece
    part = target + ".part"
    app.hash[1] = files.size(part)
    code = error.code if error and error.status else ""
    # Any other refusal, of a token or a clock for example, says nothing of the file.
    if error and (code not in _OF_FILE or error.status >= 500):
        log("W update waits", why=error)
        return _AGAIN_S
    if not code and first + most < size:
        return _SOON_S
    has_size = app.hash[1] == size and not code
    found = hexlify(app.hash[2].digest()).decode()
    app.hash = None
    if has_size and key.endswith(found):
        files.replace(target)
        with open(_DONE, "ab") as f:
            f.write(b".")
        return 0
    files.remove(part)
    why = "is not what was signed" if has_size else "has not the size that was signed"
    if code in _MISSING:
        why = "is not in the bucket"
    from firmware.update import refuse

    # What is missing may come. Who has altered a file could have it downloaded again and again.
    return refuse.refuse(f"{target[3:]} {why}", code not in _MISSING)
