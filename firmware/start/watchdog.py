"""The hardware watchdog, which restarts the board when it makes no progress."""

import machine
from esp32 import NVS

from firmware.errors import ConfigError

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# DNS, handshake and upload have their own deadlines; joining a network may take 70 s in one call,
# and boot.py does little else.
_WATCHDOG_MS = const(180000)


def start(is_wanted, cause):
    """Start the watchdog if `is_wanted`; return the function that feeds it, or does nothing.

    `cause` is the cause of the start. In a slot on trial, boot.py has started the watchdog.
    """
    if cause == "soft":
        from firmware.start import prompt

        prompt.leave()  # from here on, only progress feeds the watchdog
    if not is_wanted and not _is_on_trial():
        return _feed_nothing
    return machine.WDT(timeout=_WATCHDOG_MS).feed


def _is_on_trial():
    # As in start/slot_state.py, whose names would stay in memory.
    try:
        return NVS("megacam").get_i32("slot") & 14
    except OSError:
        return 0


def _feed_nothing():
    pass


def feed():
    """Return the function that feeds the watchdog that boot.py has started, by the settings."""
    # A second WDT object controls the same watchdog: the chip has only one.
    try:
        from firmware.settings import config

        is_wanted = config.section("watchdog")
    except (ConfigError, KeyError):
        is_wanted = False  # settings without a watchdog, or of another version
    return start(is_wanted, "")
