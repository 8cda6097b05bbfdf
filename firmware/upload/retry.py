"""The firmware's retry policy and circuit breaker; loaded after a request has failed.

Retries follow the standard mode of the AWS SDKs: three attempts with full jitter, as long as there
is time before the next shot. Then the circuit breaker takes over: consecutive failures make the
pauses longer, and a request that cannot succeed until somebody changes something is tried once an
hour. The first connection after a pause tests the store, with no photo at stake yet. An error
about one object causes no pause.
"""

import random
import time

from firmware import clock
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_ATTEMPTS = const(3)
_BASE_MS = const(1000)
_THROTTLED_BASE_MS = const(4000)
_LONGEST_WAIT_MS = const(8000)  # an interval is hardly longer
_LEAST_MS = const(5000)  # no new attempt with less time left
_FIRST_PAUSE_S = const(30)  # minimum; the actual pause is random, up to twice as long
_LONGEST_PAUSE_S = const(900)
_FATAL_PAUSE_S = const(3600)
_FREE_FAILURES = const(2)  # this many in a row cause no pause


def may_retry(uploader, error, attempt):
    """Wait and return True to retry after attempt number `attempt`, or pause the uploader.

    Raises `error` if the body was begun, because it cannot be read again. Also raises it if
    another photo has the key, because then only a new photo can be stored.
    """
    if (error.status or error.action == "object") and uploader.why is not None:
        uploader.why = error
    if error.action == "stored":
        raise error
    if error.action == "object":
        log("E s3 photo refused", why=error)
        if error.body_started:
            raise error
        return False
    base_ms = _THROTTLED_BASE_MS if error.action == "throttle" else _BASE_MS
    wait_ms = random.getrandbits(16) % min(_LONGEST_WAIT_MS, base_ms << attempt)
    wait_ms = max(wait_ms, error.retry_after_ms)
    is_last = attempt >= _ATTEMPTS or error.body_started or error.action == "fatal"
    is_late = uploader.left_ms() < wait_ms + _LEAST_MS
    if is_last or is_late or error.retry_after_ms > _LONGEST_WAIT_MS:
        _pause(uploader, error)
        if error.body_started:
            raise error
        return False
    log("W s3 failed", why=error, attempt=attempt)
    time.sleep_ms(wait_ms)
    return True


def _pause(uploader, error):
    # Send nothing for a while: longer after more failures in a row.
    uploader.failures += 1
    if error.action == "retry" and not error.status:
        uploader.unanswered += 1
    else:
        uploader.unanswered = 0
    uploader.is_clock_doubted = error.action == "clock"
    pause_s = 0
    if error.action == "fatal":
        # The first refusal may be about that photo alone: try another photo before pausing.
        if uploader.fatal or not error.status:
            pause_s = _FATAL_PAUSE_S
        uploader.fatal += 1
    elif uploader.failures > _FREE_FAILURES:
        doublings = min(uploader.failures - _FREE_FAILURES, 8)
        pause_s = min(_FIRST_PAUSE_S << doublings, _LONGEST_PAUSE_S)
        pause_s = pause_s // 2 + random.getrandbits(16) % (pause_s // 2)
    pause_s = max(pause_s, error.retry_after_ms // 1000)
    uploader.pause_until_s = clock.uptime_s() + pause_s
    log("E s3 unreachable", why=error, failures=uploader.failures, again_in_s=pause_s)
