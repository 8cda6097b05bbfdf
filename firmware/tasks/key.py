"""Task: check whether the credentials that the start did not find are in NVS now."""

from firmware import clock
from firmware.errors import CredentialsError

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_AGAIN_S = const(300)
_HOUR_S = const(3600)
_EARLY_S = const(600)


def do(app):
    """Return the seconds until this task is due again; restart if there is a key now."""
    try:
        from firmware.credentials import read

        read.check()
    except CredentialsError:
        return _AGAIN_S
    if clock.uptime_s() < _EARLY_S:
        # The key is intact, but the start could not use it (for example, the certificate belongs
        # to another key): the board would restart forever and take no photo.
        return _HOUR_S
    # The running application leaves too little memory to load a key.
    from firmware.start import restart

    restart.reset(app.counters, "credentials")
