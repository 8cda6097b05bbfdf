"""Judge a manifest that has come, and begin to fetch its release; loaded once for each."""

import os

from firmware import clock
from firmware.log import log

_RELEASE = "/update/release"
_NEW = "/update/release.new"
_DONE = "/update/done.txt"


def accept(app):
    """Return 0 if the release is to be fetched, else None; a refusal is kept for the report."""
    expires, refused = 0, ""
    try:
        from firmware.update import judge

        found, later = judge.judge(app, _NEW, clock.now())
        judge = None
        expires = found["expires"]
        if later == "":
            return _begin(found)
        if later:
            log("I update waits", release=found["counter"], why=later)
    except ValueError as e:
        later, refused = None, str(e)
        log("E update refused", why=refused)
    os.remove(_NEW)
    from firmware.update import seen

    # A release that has to wait is asked for again without its ETag, and judged anew.
    seen.write("" if later else seen.read()[0], expires, refused)
    return None


def _begin(found):
    log("I update begins", release=found["counter"], version=found["version"])
    from firmware.update import files

    files.remove(_DONE)
    os.rename(_NEW, _RELEASE)
    from firmware.update import seen

    seen.write(seen.read()[0], found["expires"], "")
    return 0
