"""Take a file of a release that has been downloaded, if it is what was signed."""

from binascii import hexlify

from firmware.update import files

_DONE = "/update/done.txt"
_MISSING = ("NoSuchKey", "AccessDenied")


def check(app, target, size, digest, code):
    """Return 0 if `target`.part is the file, else None, and the release is given up for now.

    app.hash has what came. `code` is S3's if it has refused to give the file, "" if not.
    """
    part = target + ".part"
    found = hexlify(app.hash[2].digest()).decode()
    app.hash = None
    has_size = files.size(part) == size and not code
    if has_size and found == digest:
        files.replace(target)
        with open(_DONE, "ab") as f:
            f.write(b".")
        return 0
    files.remove(part)
    why = "is not what was signed" if has_size else "has not the size that was signed"
    if code in _MISSING:
        why = "is not in the bucket"
    from firmware.update import refuse

    return refuse.refuse(f"{target[3:]} {why}")
