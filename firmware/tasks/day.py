"""Task: reset the counts for the daily cap at midnight (UTC), and log when it is reached."""

from firmware import clock
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_AGAIN_S = const(300)
_DAY_S = const(86400)


def do(app):
    """Return the seconds until this task is due again."""
    counters = app.counters
    if not clock.is_set():
        return _AGAIN_S // 10
    day = clock.now() // _DAY_S
    if day != counters["day"]:
        counters["day"] = day
        counters["requests"] = counters["sent_kb"] = 0
    requests, kb = app.uploader.cap
    if counters["requests"] >= requests or counters["sent_kb"] >= kb:
        log("E app daily cap reached", requests=counters["requests"], sent_kb=counters["sent_kb"])
    return min(_AGAIN_S, _DAY_S - clock.now() % _DAY_S)
