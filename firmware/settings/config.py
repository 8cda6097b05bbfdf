"""Read the settings: config.json of the slot, which the board or a deploy has checked once."""

import gc
import json

from firmware import __version__, slot

PATH = slot + "/config.json"


def read(path=PATH):
    """Return the parsed config.json, checked or not; raises ConfigError."""
    try:
        with open(path) as f:
            if f.read(1) != "\ufeff":  # the byte order mark of Windows editors
                f.seek(0)
            return json.load(f)
    except OSError:
        from firmware.settings import unusable

        raise unusable.missing(path)
    except ValueError:
        from firmware.settings import unusable

        raise unusable.broken(path)


def is_checked(settings):
    """Return whether this version checked `settings`: an older one lacks new defaults."""
    return isinstance(settings, dict) and settings.get("checked") == __version__


def load(path=PATH):
    """Return the checked settings as {"section": {"name": value}}; raises ConfigError."""
    settings = read(path)
    if not is_checked(settings):
        from firmware.settings import unusable

        raise unusable.unchecked(path)
    return settings


def section(name):
    """Return one section of the checked settings, as all take 5 KB; raises ConfigError."""
    found = load()[name]
    gc.collect()
    return found
