"""Safe mode: after too many crashes no photo is taken, but the camera stays within reach.

Wi-Fi, clock and health report go on, the LED says so, and whoever connects finds a prompt with
Ctrl-C. After an hour the firmware gets another chance, whatever happened in that hour. On
batteries it reports once and sleeps.
"""

from firmware import clock, config, rare
from firmware.errors import ConfigError
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_STAY_S = const(3600)
_REPORT_S = const(120)  # on batteries
_SLICE_S = const(60)  # the clock may be set meanwhile


def stay():
    """Stay in safe mode, then restart."""
    log("E safe mode, no photos are taken", minutes=_STAY_S // 60)
    app = None
    sleeps = False
    counts = rare.call("tally", "read") or {"quick": 0}
    try:
        sleeps = _sleeps()
        # What safe mode does may be what crashes: then the next time it only waits.
        if not rare.call("supervisor", "is_crash_loop", counts, 1):
            app = rare.call("build", "build", True)
        if app:
            counts = app.tally
            _work(app, _REPORT_S if sleeps else _STAY_S)
    except KeyboardInterrupt:
        rare.call("attend", "attend", app)
        raise
    except Exception as e:
        log("E safe mode failed", why=e)
    rare.call("supervisor", "retry", counts)
    if sleeps:
        rare.call("power", "deep_sleep", _STAY_S)
    rare.call("restart", "wait", max(_STAY_S - clock.uptime_s(), 1), "retry")


def _sleeps():
    try:
        return config.section("power")["deep_sleep"]
    except (ConfigError, KeyError):
        return False


def _work(app, seconds):
    # Whatever is done in a loop may be what crashes; this is what reports need.
    app.chores = {"link": -2, "clock": -1, "led": 0, "status": 0}
    app.uploader.waiting = 0
    until_s = clock.uptime_s() + seconds
    while clock.uptime_s() < until_s:
        app.work_until(clock.now() + _SLICE_S)
