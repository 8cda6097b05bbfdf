"""The hardware watchdog, which restarts a board that makes no progress."""

import machine

from firmware.errors import ConfigError

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# DNS, handshake and upload have their own deadlines; joining a network may take 70 s in one call,
# and boot.py does little else.
_WATCHDOG_MS = const(180000)


def start(is_wanted, cause):
    """Return what feeds the watchdog, or does nothing; `cause` is that of the start."""
    if cause == "soft":
        from firmware.start import prompt

        prompt.leave()  # from here on only progress feeds
    if not is_wanted:
        return _feed_nothing
    return machine.WDT(timeout=_WATCHDOG_MS).feed


def _feed_nothing():
    pass


def feed():
    """Return what feeds the watchdog that boot.py has started, as the settings want it."""
    try:
        # A second WDT is the first one: there is only one in the chip.
        from firmware.settings import config

        return start(config.section("watchdog"), "")
    except (ConfigError, KeyError):
        return _feed_nothing  # settings without a watchdog, or of another version
