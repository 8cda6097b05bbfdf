"""Give a release up that cannot be put together; loaded only then."""

import os

from firmware.log import log

_RELEASE = "/update/release"


def refuse(why, for_good=False):
    """Tell the owner, and begin again with the next health report: the store may be mended.

    If it is `for_good`, this release is not fetched again.
    """
    log("E update refused", why=why)
    from firmware.update import seen

    known = "", 0
    # If the manifest itself could not be fetched, the ETag is that of an earlier one.
    if for_good and _is_there():
        known = seen.read()[:2]
    seen.write(*known, why)
    for path in (_RELEASE, _RELEASE + ".new"):
        try:
            os.remove(path)
        except OSError:
            pass  # it was not accepted yet


def _is_there():
    names = os.listdir("/update") if "update" in os.listdir("/") else ()
    return "release" in names or "release.new" in names
