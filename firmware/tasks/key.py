"""Task: look whether the credentials that the start did not find are in NVS by now."""

from firmware import clock
from firmware.errors import CredentialsError

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_AGAIN_S = const(300)
_HOUR_S = const(3600)
_EARLY_S = const(600)


def do(app):
    """Return the seconds until this task is due again; restart where there is a key now."""
    try:
        from firmware.credentials import read

        read.check()
    except CredentialsError:
        return _AGAIN_S
    if clock.uptime_s() < _EARLY_S:
        # Whole, but the start could not use it, a certificate of another key for example: it
        # would restart forever and take no photo.
        return _HOUR_S
    # To load a key takes more memory than there is beside the rest.
    from firmware.start import restart

    restart.reset(app.counters, "credentials")
