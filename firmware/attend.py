"""Keep the watchdog fed while somebody is at the prompt, or copies files; called through rare.py.

It cannot be stopped, and outlives Ctrl-C and the soft reset of mpremote.
"""

from machine import Timer

from firmware import config, rare
from firmware.errors import ConfigError

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_FEED_MS = const(10000)


def attend(app=None):
    """Feed the watchdog of `app`, or that of the start before, from a timer."""
    feed = app.uploader.feed if app else _feed_of_before()
    if feed:
        Timer(0).init(period=_FEED_MS, mode=Timer.PERIODIC, callback=lambda _: feed())


def _feed_of_before():
    try:
        # A second WDT is the first one: there is only one in the chip.
        return rare.call("watchdog", "start", config.section("watchdog"), "")
    except (ConfigError, KeyError):
        return None  # settings without a watchdog, or of another version


def leave():
    """Stop feeding."""
    Timer(0).deinit()
