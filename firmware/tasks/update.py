"""Task: ask for a signed release, put it together in the slot that is not in use, and switch.

Each step is loaded alone, because memory is as short as for a photo.
"""


def do(app):
    """Return the seconds until this task is due again; None ends it."""
    try:
        from firmware.update import turn

        after_s = turn.turn(app)
        while isinstance(after_s, tuple):
            after_s = after_s[0](app, after_s[1])
    except (OSError, MemoryError) as e:
        from firmware.update import short

        after_s = short.end(app, e)
    if after_s is None:
        app.tasks.pop("update")
    return after_s
