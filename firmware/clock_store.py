"""The time as a store has it, whose replies are verified; to be called through rare.py."""

from https import borrow

from firmware import clock, rare

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_DATE_MS = const(1000)  # the Date of HTTP has whole seconds


def learn(skew_s):
    """Correct the clock by `skew_s`, the seconds that a verified reply says it is behind."""
    rare.call("clock_set", "correct", (clock.now() + skew_s) * 1000, _DATE_MS)


def follow(date, came_at_s):
    """Correct the clock by `date`, the header of a verified reply that came at that uptime.

    It has whole seconds and was on its way: less than two seconds is no difference.
    """
    skew_s = borrow("http_date").parse_http_date(date) + clock.uptime_s() - came_at_s - clock.now()
    if abs(skew_s) > _DATE_MS // 1000:
        learn(skew_s)
