"""Give a release up that cannot be put together; loaded only then."""

import os

from firmware.log import log

_RELEASE = "/update/release"


def refuse(why):
    """Tell the owner, and begin again with the next health report: the store may be mended."""
    log("E update refused", why=why)
    from firmware.update import seen

    seen.write("", 0, why)
    try:
        os.remove(_RELEASE)
    except OSError:
        pass  # it was not accepted yet
