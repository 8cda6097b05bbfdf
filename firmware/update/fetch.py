"""Put an entry of the release into the slot that is not in use, if the board has it already.

Each step is short, and a start continues where the last one ended: /update/done.txt has a byte
for each entry of the manifest that is finished. Nothing here is trusted afterwards: finish.py
verifies the whole slot before the switch.
"""

import hashlib

from firmware import slot

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_PIECE_BYTES = const(32768)  # of one request: a few seconds
_RELEASE = "/update/release"
_DONE = "/update/done.txt"


def step(app, number):
    """Copy entry `number`; return 0, or the step (see turn.turn()) that downloads a piece of it.

    That gets (path, size, key in the bucket, first byte, bytes), and app.hash is [path, bytes that
    are there already, their SHA-256 object].
    """
    file = _file(app, number)
    if not file:
        return 0
    first = app.hash[1]
    left = file[1] - first
    # With the last piece, one byte more than was signed: an endless file has it.
    most = left + 1 if left <= _PIECE_BYTES else _PIECE_BYTES
    file += (first, most)
    if left <= 0:
        from firmware.update import whole

        return whole.check, file
    uploader = app.uploader
    uploader.feed()
    uploader.counters["requests"] += 1
    uploader.counters["sent_kb"] += most >> 10
    from firmware.update import piece

    return piece.get, file


def _file(app, number):
    """Return (path of the file, its size, its key) if it is to be downloaded, else ()."""
    path, size, digest = _entry(number)
    from firmware.start import slot_clear

    slot_clear.clear()
    slot_clear = None
    from firmware.update import files

    target = f"{files.idle()}/{path}"
    file = target, size, f"{app.uploader.device}/_update/{digest}"
    have = max(files.size(target + ".part"), 0)
    if app.hash and app.hash[:2] == [target, have]:
        return file
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
    _hash(app, target, have)
    return file


def _hash(app, target, have):
    """Hash what an interrupted download has left on the flash, once."""
    if app.hash:
        app.hash[2].digest()  # an unfinished one would keep the ESP32's engine for SHA
    hashed = hashlib.sha256()
    app.hash = [target, -1, hashed]
    if have:
        piece = app.uploader.store.buf  # no request is on its way
        with open(target + ".part", "rb") as f:
            count = 1
            while count:
                count = f.readinto(piece)
                hashed.update(memoryview(piece)[:count])
    else:
        open(target + ".part", "ab").close()  # nothing else makes a file that stays empty
    app.hash[1] = have


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
    return ()
