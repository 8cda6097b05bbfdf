"""One reading of the owner's own sensor with each photo; taken for its metadata.

The function named in the settings returns anything that str() makes short. Nothing on a board
can interrupt it: one that takes too long is not asked again, and one that never returns meets the
watchdog, after which whoever calls leaves it out. A module in /lib stays loaded; one elsewhere is
loaded for each photo.
"""

import sys
import time

from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_LIB = "/lib/"
_CHARACTERS = const(64)  # of a header's value, with room for all the others


def read(sensor):
    """Return the text of the function in section "sensor", or "" if there is none or it failed.

    It has at most 64 characters, of ASCII as a header must be. None: the function took too long
    and must not be asked again before the next start.
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
    except Exception as e:  # it is somebody else's code
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
