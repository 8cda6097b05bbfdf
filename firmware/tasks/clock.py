"""Task: set the clock and let the store confirm it; then tasks/date.py dates the photos.

A time server may be wrong, and its answer cannot be verified. So the time is known only once the
store has confirmed it. The counter "known_cycle" equals "cycle" once the waiting photos have
their dates too. A camera that sleeps also goes by the word of a time server alone: the counter
"unsure" is 1 then, and no date is certain.
"""

from firmware import clock, wifi
from firmware.errors import NetworkError
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_AGAIN_S = const(30)
_UNTOLD_S = const(300)
_HOUR_S = const(3600)
_DAY_S = const(86400)
_GOOD_MS = const(1000)  # the store's time is less good, and a time server may do better soon


def do(app):
    """Return the seconds until this task is due again."""
    if not wifi.is_up():
        return _AGAIN_S
    uploader = app.uploader
    skip = _doubt(uploader)
    counters = uploader.counters
    is_known = clock.is_set() and uploader.is_time_known
    is_sure = is_known and not counters.get("unsure")
    if not is_known:
        _be_unsure(counters)
    server = (not skip and _is_unconfirmed(uploader)) or _sync(app, is_known, skip)
    if not clock.is_set():
        return _AGAIN_S
    is_moved = _keep(app)
    is_confirmed = False
    # On batteries, do not spend power on a request at each wake.
    if not (app.sleeps and is_sure and server) or uploader.store.skew_s:
        from firmware.timing import confirm

        is_confirmed = confirm.confirm(uploader, bool(server))
    uploader.store.skew_s = 0
    if server == "" and app.sleeps:
        # In deep sleep the clock drifts by minutes, and the store may be unreachable to say so.
        if not is_confirmed:
            _be_unsure(counters)
        server = _sync(app, is_confirmed, 0)
    is_moved = _keep(app) or is_moved
    if not (uploader.is_time_known or is_confirmed or app.sleeps):
        if is_moved:
            app.tasks["date"] = -1
        # As often as a photo would test whether the store is back.
        wait_s = min(app.interval_s, _AGAIN_S) if server else _UNTOLD_S
        return max(uploader.pause_until_s - clock.uptime_s(), wait_s)
    was_unsure = counters.get("unsure")
    if is_confirmed:
        counters["unsure"] = 0
    elif was_unsure:
        clock.set_error_ms = None  # a time server's word alone: the metadata say so
    if counters["known_cycle"] != counters["cycle"] or (is_confirmed and was_unsure):
        uploader.is_time_known = True
        app.tasks["date"] = -1
    is_good = server and (clock.error_ms() or 0) < _GOOD_MS
    return _DAY_S if is_good else _HOUR_S


def _doubt(uploader):
    """Return how many time servers to skip, above 0 if the store's certificate seemed invalid.

    Then either the certificate is not valid or the clock is wrong: the time counts as unknown.
    """
    if not uploader.is_clock_doubted:
        return 0
    uploader.is_clock_doubted = False
    uploader.is_time_known = False
    uploader.counters["known_cycle"] = 0
    return uploader.failures


def _be_unsure(counters):
    """Save that the clock may be set by a time server alone, before that happens.

    If the board restarted in between, the next start would take the server's word for the truth.
    """
    if not counters.get("unsure"):
        counters["unsure"] = 1
        from firmware.health.counters import keep

        keep(counters)


def _keep(app):
    """Save when the power cycle began if a jump of the clock moved it; return whether one did.

    A smaller correction may put the clock back to before this start, as after a deep sleep. Save
    that, too, or the next start takes it for a new power cycle.
    """
    counters = app.counters
    is_moved = counters["cycle_s"] != clock.cycle_s
    powered_s = clock.powered_s() - 1
    if not is_moved and counters["powered_s"] <= powered_s:
        return False
    counters["cycle_s"] = clock.cycle_s
    counters["powered_s"] = min(counters["powered_s"], powered_s)
    from firmware.health.counters import keep

    keep(counters)
    if is_moved and "plan" in app.tasks:
        # The known windows were for another day.
        app.windows, app.windows_until = app.__class__.windows, 0
        app.tasks["plan"] = -9  # before the next photo
    return is_moved


def _is_unconfirmed(uploader):
    """Return whether a time server has set the clock lately, but the store has not confirmed."""
    if uploader.is_time_known or clock.set_error_ms is None:
        return False
    return clock.uptime_s() - clock.set_at_s < _HOUR_S


def _sync(app, is_known, skip):
    """Return the server that set the clock, "" if all answers were jumps, None on failure."""
    # Start after those that failed, so that each gets its turn when time is short.
    skip += app.servers
    left_ms = app.uploader.left_ms
    try:
        from firmware.settings import config
        from firmware.timing import set_clock

        server = set_clock.sync(config.section("clock"), is_known, skip, left_ms)
    except NetworkError as e:
        app.servers += e.servers
        log("W clock not set", why=e)
        return None
    app.servers = 0
    if server:
        log("I clock set", server=server)
    return server
