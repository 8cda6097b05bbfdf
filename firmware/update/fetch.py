"""Put the release of /update/release together in the slot that is not in use, step by step.

Each step is short, and a start continues where the last one ended: /update/done.txt has a byte
for each entry of the manifest that is finished. Nothing here is trusted afterwards: finish.py
verifies the whole slot before the switch.
"""

from s3 import S3Error

from firmware import slot
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_RELEASE = "/update/release"
_DONE = "/update/done.txt"
_PIECE_BYTES = const(32768)  # of one request: a few seconds
_SOON_S = const(1)
_AGAIN_S = const(300)


def step(app, number):
    """Do a part of entry `number`; return the seconds until the next part, None if it failed."""
    path, size, digest = _entry(number)
    from firmware.update import files

    target = f"{files.idle()}/{path}"
    source = f"{slot}/{path}"
    if size < 0:
        files.copy(source, target, app.uploader.feed)
        return _is_done()
    for there in (target, source):
        if files.size(there) == size and files.digest(there) == digest:
            if there == source:
                files.copy(source, target, app.uploader.feed)
            return _is_done()
    files.make(target)
    files = None
    return _download(app, target, size, digest)


def _entry(number):
    from firmware.update import lines

    entries = lines.files(_RELEASE)
    for entry in entries:
        if not number:
            entries.close()  # and with it the file
            return entry
        number -= 1
    raise ValueError(number)


def _is_done():
    with open(_DONE, "ab") as f:
        f.write(b".")
    return _SOON_S


def _download(app, target, size, digest):
    part = target + ".part"
    with open(part, "ab") as f:
        have = f.seek(0, 2)
    if have < size:
        try:
            _get(app, part, min(size - have, _PIECE_BYTES), have, digest)
        except S3Error as e:
            if e.status in (403, 404):
                return _refuse(f"{target[3:]} is not in the bucket")
            if e.code not in ("InvalidRange", "EntityTooLarge"):
                log("W update waits", why=e)
                return _AGAIN_S
            have = size + 1
        if have + _PIECE_BYTES < size:
            return _SOON_S
    from firmware.update import files

    if files.size(part) == size and files.digest(part) == digest:
        files.replace(target)
        return _is_done()
    files.remove(part)
    return _refuse(f"{target[3:]} is not what was signed")


def _get(app, part, most, have, digest):
    """Append up to `most` bytes of the object `digest`, from byte `have`, to the file `part`."""
    uploader = app.uploader
    uploader.feed()
    uploader.counters["requests"] += 1
    uploader.counters["sent_kb"] += most >> 10
    from s3 import download

    with open(part, "ab") as f:
        key = f"{uploader.device}/_update/{digest}"
        download.get(uploader.store, key, have, most, f.write)


def _refuse(why):
    from firmware.update import refuse

    return refuse.refuse(why)
