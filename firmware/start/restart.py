"""Restart the board on purpose."""

import sys
import time

import machine

from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_PAUSE_S = const(10)
_SLICE_S = const(10)


def reset(counts, why):
    """Restart the board and pass the reason to the next start; `counts` are the counters."""
    log("W restart", why=why)
    counts["why"] = why
    try:
        from firmware.health import counters

        counters.write(counts)
    except Exception as e:  # whatever it is, the restart must not fail
        log("W counters not kept", why=e)
    machine.reset()


def crashed(error):
    """Restart after the unexpected `error`, with a pause in which you can stop it."""
    sys.print_exception(error)
    wait(_PAUSE_S, "crash")


def wait(seconds, why):
    """Restart after `seconds`; until then, Ctrl-C gives you the prompt."""
    from firmware.health import counters

    counts = counters.read() or {}
    from firmware.start import watchdog

    feed = watchdog.feed()
    try:
        for _ in range(0, seconds, _SLICE_S):
            feed()
            time.sleep_ms(_SLICE_S * 1000)
    except KeyboardInterrupt:
        from firmware.start import prompt

        prompt.feed_watchdog()
        raise
    reset(counts, why)
