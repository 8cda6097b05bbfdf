"""When the next shot is due: pure arithmetic on UTC seconds since 1970.

Shots are aligned to the wall clock (10:00:00, 10:00:30, ...) and happen inside windows, which
shot/day_plan.py works out from hours, weekdays, time zone and sun once a day.
"""


def next_shot(after, interval_s, windows):
    """Return the first moment later than `after` that is due, or None if no window is left.

    Due are the multiples of `interval_s` inside a window (from, to), `to` excluded. One moment
    is due once: whoever asks late skips what he missed, so a stall ends without a burst.
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
    """Return when the next photo of `app` is due, or None, and count what was missed before it."""
    from firmware import clock  # the arithmetic is used where there is none

    now = clock.now()
    due = next_shot(now, app.interval_s, app.windows)
    until = due or now
    # Where the clock was set meanwhile nobody knows how many those were.
    if app.cycle_s == clock.cycle_s:
        app.counters["missed"] += missed(app.due, until, app.interval_s, app.windows)
    app.due = app.counters["due"] = until
    app.cycle_s = clock.cycle_s
    return due


def missed(after, before, interval_s, windows):
    """Return how many moments are due later than `after` and earlier than `before`."""
    count = 0
    for start, end in windows:
        first = max(after + 1, start)
        end = min(before, end)
        if first < end:
            count += (end - 1) // interval_s - (first - 1) // interval_s
    return count
