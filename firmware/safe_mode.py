"""Safe mode: after too many crashes no photo is taken, but the camera stays within reach.

Wi-Fi, clock and health report go on, the LED says so, and whoever connects finds a prompt with
Ctrl-C. After an hour the firmware gets another chance.
"""

from firmware import clock, rare
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_STAY_S = const(3600)
_SLICE_S = const(60)  # the clock may be set meanwhile


def stay():
    """Stay in safe mode, then restart; returns only where the settings cannot be used."""
    log("E safe mode, no photos are taken", minutes=_STAY_S // 60)
    app = None
    try:
        app = rare.call("build", "build", True)
        if app:
            _work(app)
            rare.call("supervisor", "retry", app.tally)
    except KeyboardInterrupt:
        rare.call("attend", "attend", app)
        raise
    except Exception as e:
        rare.call("restart", "crashed", e)


def _work(app):
    # Whatever is done in a loop may be what crashes; this is what reports need.
    app.chores = {"link": -2, "clock": -1, "led": 0, "status": 0}
    app.uploader.waiting = 0
    until_s = clock.uptime_s() + _STAY_S
    while clock.uptime_s() < until_s:
        app.work_until(clock.now() + _SLICE_S)
