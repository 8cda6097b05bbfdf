"""Keep the watchdog fed while somebody is at the prompt, or copies files; called through rare.py.

It cannot be stopped, and outlives Ctrl-C and the soft reset of mpremote.
"""

from machine import Timer

from firmware import rare

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_FEED_MS = const(10000)


def attend(app=None):
    """Feed the watchdog of `app`, or that of boot.py or the start before, from a timer."""
    feed = app.uploader.feed if app else rare.call("watchdog", "feed")
    if feed:
        Timer(0).init(period=_FEED_MS, mode=Timer.PERIODIC, callback=lambda _: feed())


def leave():
    """Stop feeding."""
    Timer(0).deinit()
