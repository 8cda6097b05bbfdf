"""Get the time from a server, set the clock and measure its drift.

Call sync() at the start and then daily. It tries NTP first, then the `Date` of plain HTTP, in
case NTP is blocked.
"""

import time

from firmware import clock
from firmware.errors import NetworkError
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# A measured drift counts only if it was measured over at least an hour, between times this
# accurate, and is not larger than any crystal's: else the clock jumped.
_MEASURED_S = const(3600)
_GOOD_MS = const(250)
_MOST_PPM = const(500)
# The longest time for one server; with less time until the next shot, no further one is asked.
_NTP_MS = const(3000)
_HTTP_MS = const(8000)


def _ask(kind, name):
    if kind == "ntp":
        from firmware.timing import ntp as server
    else:
        from firmware.timing import http_time as server
    return server.query(name)


def sync(section, is_known=False, skip=0, left_ms=None):
    """Set the clock by the first server of the settings section "clock" that gives a good time.

    If the time `is_known`, a jump is not accepted. The first `skip` servers are asked last. At
    least one server is asked, and the others as long as left_ms() leaves enough time. Returns the
    server's name, or "" if there were only jumps. If all servers failed, raises NetworkError with
    the reason for each; its `servers` is their number.
    """
    reasons = []
    is_jump = False
    servers = [("ntp", name) for name in section["servers"]]
    servers += [("http_time", name) for name in section["http_urls"]]
    skip %= len(servers)
    for kind, name in servers[skip:] + servers[:skip]:
        least_ms = _NTP_MS if kind == "ntp" else _HTTP_MS
        if reasons and left_ms and left_ms() < least_ms:
            break
        try:
            utc_ms, error_ms = _ask(kind, name)
            jump_s = utc_ms // 1000 - clock.now()
            if is_known and abs(jump_s) > clock.JUMP_S:
                is_jump = True
                log("W clock jump refused", server=name, seconds=jump_s)
                continue
            correct(utc_ms, error_ms)
            return name
        except (OSError, ValueError, MemoryError) as e:
            from https import words

            reasons.append(f"{name}: no answer ({words.explain(e)})")
        except NetworkError as e:
            reasons.append(f"{name}: {e}")
    if is_jump:
        return ""
    error = NetworkError("no time server is usable: " + "; ".join(reasons))
    error.servers = len(reasons)
    raise error


def correct(utc_ms, error_ms):
    """Set the clock to `utc_ms` (since 1970), accurate to `error_ms`, and measure its drift.

    Raises NetworkError if this cannot be the current time.
    """
    if not clock.is_credible(utc_ms // 1000):
        raise NetworkError(f"{utc_ms // 1000} is before this firmware was built, or after 2100")
    _measure(utc_ms - _now_ms(), error_ms)
    from firmware.timing import rtc

    rtc.set_time(utc_ms // 1000, utc_ms % 1000 * 1000)
    clock.set_error_ms = error_ms
    clock.set_at_s = clock.uptime_s()


def _now_ms():
    return time.time_ns() // 1000000 + clock.EPOCH_S * 1000


def _measure(offset_ms, error_ms):
    passed_s = clock.uptime_s() - clock.set_at_s
    known = clock.set_error_ms
    if known is None or known > _GOOD_MS or error_ms > _GOOD_MS or passed_s < _MEASURED_S:
        return
    ppm = offset_ms * 1000 // passed_s
    if abs(ppm) <= _MOST_PPM:
        clock.drift_ppm = ppm
