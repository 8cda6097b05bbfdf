"""Chore: set the clock and have the store confirm it; then chore_date.py dates the photos.

A time server may lie, and nobody verifies its answer. So the time is known only once the store
has confirmed it. The tally's "known_era" is its "era" once what waits has its date, too.
"""

from firmware import clock, config, rare, wifi
from firmware.errors import ClockError
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_AGAIN_S = const(30)
_UNTOLD_S = const(300)
_HOUR_S = const(3600)
_DAY_S = const(86400)
_GOOD_MS = const(1000)  # what comes from the store is not, and a time server may do better soon


def do(app):
    """Return the seconds until this chore is due again."""
    if not wifi.is_up():
        return _AGAIN_S
    uploader = app.uploader
    skip = _doubt(uploader)
    is_known = clock.is_set() and uploader.is_time_known
    server = (not skip and _is_unconfirmed(uploader)) or _sync(app, is_known, skip)
    if not clock.is_set():
        return _AGAIN_S
    is_moved = _keep(app)
    is_confirmed = False
    # A battery has no power for a question at each wake; a photo gets an answer, too.
    if not (app.sleeps and is_known and server) or uploader.store.skew_s:
        is_confirmed = rare.call("clock_store", "confirm", uploader, bool(server))
    uploader.store.skew_s = 0
    if server == "" and app.sleeps:
        # Asleep the clock goes wrong by minutes, and there may be no store to say so.
        server = _sync(app, is_confirmed, 0)
    is_moved = _keep(app) or is_moved
    if not (uploader.is_time_known or is_confirmed or app.sleeps):
        if is_moved:
            app.chores["date"] = -1
        # As often as a photo would find out whether the store is back.
        wait_s = min(app.interval_s, _AGAIN_S) if server else _UNTOLD_S
        return max(uploader.pause_until_s - clock.uptime_s(), wait_s)
    tally = uploader.tally
    if tally["known_era"] != tally["era"]:
        uploader.is_time_known = True
        app.chores["date"] = -1
    is_good = server and (clock.error_ms() or 0) < _GOOD_MS
    return _DAY_S if is_good else _HOUR_S


def _doubt(uploader):
    """Return how many time servers to skip where the store's certificate seems not to be valid.

    Either it is not, or the clock is wrong, and what was known of the time is not any more.
    """
    if not uploader.is_clock_doubted:
        return 0
    uploader.is_clock_doubted = False
    uploader.is_time_known = False
    uploader.tally["known_era"] = 0
    return uploader.failures


def _keep(app):
    """Keep how far a jump has moved the era, for the next start; return whether one has."""
    tally = app.tally
    if tally["era_s"] == clock.era_s:
        return False
    tally["era_s"] = clock.era_s
    rare.call("tally", "keep", tally)
    if "plan" in app.chores:
        # The windows were those of another day.
        app.windows, app.windows_until = app.__class__.windows, 0
        app.chores["plan"] = 0
    return True


def _is_unconfirmed(uploader):
    """Tell whether a time server has set the clock lately and only the store's word is missing."""
    if uploader.is_time_known or clock.set_error_ms is None:
        return False
    return clock.uptime_s() - clock.set_at_s < _HOUR_S


def _sync(app, is_known, skip):
    """Return the name of the server that set the clock, "" where all would jump, or None."""
    # Each in its turn, where there was no time for all of them.
    skip += app.servers
    left_ms = app.uploader.left_ms
    try:
        server = rare.call("clock_set", "sync", config.section("clock"), is_known, skip, left_ms)
    except ClockError as e:
        app.servers += e.servers
        log("W clock not set", why=e)
        return None
    app.servers = 0
    if server:
        log("I clock set", server=server)
    return server
