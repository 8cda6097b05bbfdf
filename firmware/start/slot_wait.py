"""Give a trial more time; a module of its own, because its timer keeps it in memory."""

from machine import Timer, reset

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_TIMER = const(1)  # trial.py's, which restarts a slot on trial after an hour
_HOUR_MS = const(3600000)


def wait():
    """Let the timer begin again: the trial is not over an hour after the start."""
    Timer(_TIMER).init(mode=0, period=_HOUR_MS, callback=lambda _: reset())
