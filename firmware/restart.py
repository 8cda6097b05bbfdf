"""Restart the board on purpose; to be called through rare.py."""

import sys
import time

import machine

from firmware import rare
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_PAUSE_MS = const(10000)


def reset(counts, why):
    """Restart the board, and let the next start know why; `counts` is the tally."""
    log("W restart", why=why)
    counts["why"] = why
    try:
        rare.call("tally", "write", counts)
    except OSError as e:
        log("W tally not kept", why=e)
    machine.reset()


def crashed(error):
    """Restart after `error`, which nobody expected, with a pause for whoever wants to stop it."""
    sys.print_exception(error)
    counts = rare.call("tally", "read") or {}
    try:
        time.sleep_ms(_PAUSE_MS)
    except KeyboardInterrupt:
        rare.call("attend", "attend")
        raise
    reset(counts, "crash")
