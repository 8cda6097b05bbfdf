"""Judge a manifest that has come, and begin to fetch its release; loaded once for each."""

import os

from firmware import clock
from firmware.log import log

_RELEASE = "/update/release"
_NEW = "/update/release.new"
_DONE = "/update/done.txt"


def accept(app, verdict):
    """Return 0 if the release is to be fetched, else None; a refusal is kept for the report.

    `verdict` is that of judge.judge().
    """
    found, later, refused = verdict
    if refused:
        log("E update refused", why=refused)
    elif later == "":
        return _begin(found)
    elif later:
        log("I update waits", release=found["counter"], why=later)
    os.remove(_NEW)
    from firmware.update import seen

    # Its time comes without a new manifest, but a larger percentage does not: until its time, it
    # is asked for without its ETag, and judged anew.
    is_early = later and clock.now() < found["not-before"]
    seen.write("" if is_early else seen.read()[0], found.get("expires", 0), refused)
    return None


def _begin(found):
    log("I update begins", release=found["counter"], version=found["version"])
    from firmware.start import slot_clear

    slot_clear.clear()
    slot_clear = None
    from firmware.update import files

    files.remove(_DONE)
    new = files.idle()

    def place(path):
        if files.size(f"{new}/{path}") == -2:
            return 1
        return 0 if path.endswith(".part") else 2  # of another release

    if files.size(new) == -2:
        files.keep(new, place)
    os.rename(_NEW, _RELEASE)
    from firmware.update import seen

    seen.write(seen.read()[0], found["expires"], "")
    return 0
