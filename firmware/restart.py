"""Restart the board on purpose; to be called through rare.py."""

import sys
import time

import machine

from firmware import rare
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_PAUSE_S = const(10)
_SLICE_S = const(10)


def reset(counts, why):
    """Restart the board, and let the next start know why; `counts` is the tally."""
    log("W restart", why=why)
    counts["why"] = why
    try:
        rare.call("tally", "write", counts)
    except Exception as e:  # whatever it is, the restart must not fail
        log("W tally not kept", why=e)
    machine.reset()


def crashed(error):
    """Restart after `error`, which nobody expected, with a pause for whoever wants to stop it."""
    sys.print_exception(error)
    wait(_PAUSE_S, "crash")


def wait(seconds, why):
    """Restart after so many seconds in which Ctrl-C gives the prompt."""
    counts = rare.call("tally", "read") or {}
    feed = rare.call("watchdog", "feed")
    try:
        for _ in range(0, seconds, _SLICE_S):
            feed()
            time.sleep_ms(_SLICE_S * 1000)
    except KeyboardInterrupt:
        rare.call("attend", "attend")
        raise
    reset(counts, why)
