"""Verify the release that has been put together, and switch to its slot; loaded once for each.

Only this reads all that the next start will run. Of a file that was downloaded, the hash says what
came over the wire, not what the flash has of it: after power cuts, or a block of the flash that
has failed since. What was there already, and what is kept of the running slot, was copied.
"""

import os

from firmware import slot
from firmware.log import log

_RELEASE = "/update/release"
_DONE = "/update/done.txt"


def finish(app, verdict):
    """Restart with the release if it is whole; else return None, and it begins again.

    `verdict` is that of judge.judge(), which judges it once more, because much time may have
    passed.
    """
    found, later, refused = verdict
    if later is None:
        os.remove(_RELEASE)  # it has been switched to: the power failed just afterwards
        return None
    try:
        if refused:
            raise ValueError(refused)
        new = _verify(app.uploader.feed)
        if "wifi" in found:
            from firmware.update import seal

            seal.change(found["wifi"], app.uploader.device, found["counter"])
    except ValueError as e:
        from firmware.update import refuse

        return refuse.refuse(str(e))
    from firmware.update import files

    files.copy(_RELEASE, new + "/release", app.uploader.feed)
    files = None
    counters = app.counters
    counters.pop("trial", None)
    log("I update switches", release=found["counter"], version=found["version"])
    counter = found["counter"]
    found = verdict = None
    from firmware.start import slot_switch

    slot_switch.switch(counter)
    slot_switch = None
    os.remove(_RELEASE)
    from firmware.start import restart

    restart.reset(counters, "update")


def _verify(feed):
    """Return the folder of the idle slot if it is what was signed; raises ValueError."""
    from firmware.start import slot_clear

    slot_clear.clear()
    slot_clear = None
    from firmware.update import files, lines

    def place(path):
        # A list of all would take 8 KB.
        found = 0
        for name, _, _ in lines.files(_RELEASE):
            if name == path:
                found = 2
            elif name.startswith(path + "/"):
                found = max(found, 1)
        return found

    new = files.idle()
    files.keep(new, place)
    for path, size, digest in lines.files(_RELEASE):
        feed()
        target = f"{new}/{path}"
        if size < 0:
            is_right = files.is_same(f"{slot}/{path}", target)
        else:
            is_right = files.size(target) == size and files.digest(target) == digest
        if not is_right:
            files.remove(_DONE)
            raise ValueError(f"{path} is not what was signed")
    return new
