"""Put an entry of the release into the slot that is not in use, if the board has it already.

Each step is short, and a start continues where the last one ended: /update/done.txt has a byte
for each entry of the manifest that is finished. Nothing here is trusted afterwards: finish.py
verifies the whole slot before the switch.
"""

from firmware import slot

_RELEASE = "/update/release"
_DONE = "/update/done.txt"


def step(app, number):
    """Copy entry `number`; return (path of the file, its size, its SHA-256) to download, or ()."""
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
    return target, size, digest


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
