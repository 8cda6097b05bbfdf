"""Take settings that are new on the board: check them once, and keep those of the slot if refused.

Loaded only then. /config.json is what somebody has copied by hand; see settings/validate.py.
"""

import os

from firmware.errors import ConfigError
from firmware.log import log
from firmware.settings import config

_REFUSED = "/config.refused"


def take(path):
    """Check the settings in the file `path`; raises ConfigError if the slot has no others.

    A slot on trial keeps the number of its starts, because this one takes no photo.
    """
    try:
        from firmware.settings import validate

        validate.run(path, config.PATH)
        log("I config checked")
        if path != config.PATH:
            _forget_refused()
    except ConfigError as e:
        if path == config.PATH or not _works():
            raise
        log("E config refused, the settings before stay", why=e, file=_REFUSED)
        os.rename(path, _REFUSED)
    # The flash has no unchecked settings any more, so the next start is a real one.
    try:
        from firmware.start import slot_switch

        slot_switch.repeat()
    except OSError:
        pass  # NVS cannot be written: then this start counts


def _forget_refused():
    try:
        os.remove(_REFUSED)
    except OSError:
        pass  # there is none


def _works():
    try:
        return config.is_checked(config.read())
    except ConfigError:
        return False
