"""Keep the watchdog fed while you are at the prompt or copy files.

The watchdog cannot be stopped: it keeps running after Ctrl-C and mpremote's soft reset.
"""

import sys

from machine import Timer

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_FEED_MS = const(10000)


def feed_watchdog(app=None):
    """Feed the watchdog from a timer: that of `app`, of boot.py or of the previous start."""
    import overlay_names

    from firmware.start import watchdog

    overlay_names.install()
    feed = app.uploader.feed if app else watchdog.feed()
    if feed:
        Timer(0).init(period=_FEED_MS, mode=Timer.PERIODIC, callback=lambda _: feed())


def leave():
    """Stop the timer and free the memory of the prompt."""
    import overlay_names

    Timer(0).deinit()
    overlay_names.remove()
    del sys.modules["overlay_names"]
