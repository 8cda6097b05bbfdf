"""Read your own sensor once per photo, for the photo's metadata.

The function named in the settings can return anything with a short str(). Nothing on a board can
interrupt it. If it takes too long, it is not called again before the next start. If it never
returns, the watchdog restarts the board, which then leaves it out. A module in /lib stays loaded;
one elsewhere is loaded for each photo.
"""

import sys
import time

from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_LIB = "/lib/"
_CHARACTERS = const(64)  # of the header's value; leaves room for the other headers


def read(sensor):
    """Return the result of the function in section "sensor" as text, "" if none or it failed.

    The text has at most 64 characters and is ASCII, as headers must be. The result is None if the
    function took too long: do not call it again before the next start.
    """
    module, _, function = sensor["function"].partition(":")
    if not module:
        return ""
    text = ""
    before = tuple(sys.modules)
    start = time.ticks_ms()
    try:
        __import__(module)
        text = _plain(str(getattr(sys.modules[module], function)()))
    except Exception as e:  # the user's code may raise anything
        log("W sensor failed", why=repr(e)[:100])
    _drop(before)
    took_ms = time.ticks_diff(time.ticks_ms(), start)
    if took_ms > sensor["limit_ms"]:
        log(
            "W sensor left out until the next start; make it faster or raise sensor.limit_ms",
            function=sensor["function"],
            took_ms=took_ms,
        )
        return None
    return text


def _drop(before):
    for name in tuple(sys.modules):
        # A built-in module has no file.
        if name not in before and _LIB not in getattr(sys.modules[name], "__file__", _LIB):
            del sys.modules[name]


def _plain(text):
    text = text[:_CHARACTERS].strip()
    return "".join([c if " " <= c <= "~" else "?" for c in text])
