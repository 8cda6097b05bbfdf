"""Keep the watchdog fed while somebody is at the prompt, or copies files.

It cannot be stopped, and outlives Ctrl-C and the soft reset of mpremote.
"""

import sys

from machine import Timer

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_FEED_MS = const(10000)


def feed_watchdog(app=None):
    """Feed the watchdog of `app`, or that of boot.py or the start before, from a timer."""
    import overlay_names

    from firmware.start import watchdog

    overlay_names.install()
    feed = app.uploader.feed if app else watchdog.feed()
    if feed:
        Timer(0).init(period=_FEED_MS, mode=Timer.PERIODIC, callback=lambda _: feed())


def leave():
    """Stop feeding."""
    import overlay_names

    Timer(0).deinit()
    overlay_names.remove()
    del sys.modules["overlay_names"]
