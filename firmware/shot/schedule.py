"""Compute when the next shot is due: pure arithmetic on UTC seconds since 1970.

Shots are aligned to the wall clock (10:00:00, 10:00:30, ...) and taken inside windows, which
shot/day_plan.py computes once a day from hours, weekdays, time zone and sun.
"""


def next_shot(after, interval_s, windows):
    """Return the first due time later than `after`, or None if no window is left.

    Shots are due at the multiples of `interval_s` inside a window (from, to), without `to`. A
    late caller skips the missed ones, so that no burst of shots follows a stall.
    """
    for start, end in windows:
        if end <= after + 1:
            continue
        due = max(after + 1, start) + interval_s - 1
        due -= due % interval_s
        if due < end:
            return due
    return None


def advance(app):
    """Return when the next photo of `app` is due, or None; count those missed before it."""
    from firmware import clock  # imported here: the host uses the arithmetic without it

    now = clock.now()
    due = next_shot(now, app.interval_s, app.windows)
    until = due or now
    # If the clock was set in the meantime, the number of missed photos is unknown.
    if app.cycle_s == clock.cycle_s:
        app.counters["missed"] += missed(app.due, until, app.interval_s, app.windows)
    app.due = app.counters["due"] = until
    app.cycle_s = clock.cycle_s
    return due


def missed(after, before, interval_s, windows):
    """Return how many shots are due later than `after` and earlier than `before`."""
    count = 0
    for start, end in windows:
        first = max(after + 1, start)
        end = min(before, end)
        if first < end:
            count += (end - 1) // interval_s - (first - 1) // interval_s
    return count
