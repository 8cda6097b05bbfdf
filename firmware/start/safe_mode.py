"""Safe mode: after too many crashes no photos are taken, but the camera stays reachable.

Wi-Fi, clock and health report keep working, the LED shows safe mode, and Ctrl-C gives you the
prompt. After an hour the firmware tries again, whatever happened in that hour. On batteries it
reports once and sleeps.
"""

from firmware import clock
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
    from firmware.health import counters

    counts = counters.read() or {"quick": 0}
    try:
        sleeps = _sleeps()
        # Safe mode's own work may be what crashes; if so, it only waits the next time.
        from firmware.start import supervisor

        if not supervisor.is_crash_loop(counts, 1):
            from firmware.start import build

            app = build.build(True)
        if app:
            counts = app.counters
            _work(app, _REPORT_S if sleeps else _STAY_S)
    except KeyboardInterrupt:
        from firmware.start import prompt

        prompt.feed_watchdog(app)
        raise
    except Exception as e:
        log("E safe mode failed", why=e)
    from firmware.start import supervisor

    supervisor.retry(counts)
    if sleeps:
        from firmware.power import battery

        battery.deep_sleep(_STAY_S)
    from firmware.start import restart

    restart.wait(max(_STAY_S - clock.uptime_s(), 1), "retry")


def _sleeps():
    try:
        from firmware.settings import config

        return config.section("power")["deep_sleep"]
    except (ConfigError, KeyError):
        return False


def _work(app, seconds):
    # Any task may be what crashes, so run only those that reports need.
    app.tasks = {"link": -2, "clock": -1, "led": 0, "status": 0}
    app.uploader.waiting = 0
    until_s = clock.uptime_s() + seconds
    while clock.uptime_s() < until_s:
        app.work_until(clock.now() + _SLICE_S)
