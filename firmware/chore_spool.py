"""Chore: count what waits in the spool from the starts before."""

from firmware.uploader_spool import count

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_DAY_S = const(86400)


def do(app):
    """Return the seconds until this chore is due again."""
    count(app.uploader)
    return _DAY_S
