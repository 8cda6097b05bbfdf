"""Take one photo and have it uploaded or kept; loaded when one is due."""

import time

from firmware import clock

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_SHOTS = const(3)  # attempts in all to take one photo and send it intact
_WORK_S = const(8)  # what is left to other work, or half an interval


def take(app):
    """Take the photo that is due, retry if it is damaged or lost, and count the result.

    The last attempt goes to the spool, and so does a late one: no due photo is skipped.
    """
    uploader = app.uploader
    uploader.try_for(app.interval_s - min(_WORK_S, app.interval_s // 2))
    for i in range(_SHOTS):
        taken = app.counters["taken"]
        try:
            # A repeated photo may try the network again, and not only the spool.
            is_well = not uploader.fatal and uploader.left_ms() > 0
            _shoot(app, not i or (i < _SHOTS - 1 and is_well))
            app.failures = 0
            app.good_s = clock.uptime_s()
            break
        except Exception as e:
            # The loop must go on, whatever happens to one photo.
            if not app.try_to(_may_retry, app, e, taken):
                break
    app.try_to(_keep, app.counters)


def _may_retry(app, error, taken):
    from firmware.shot import failure

    return failure.may_retry(app, error, taken)


def _keep(counts):
    from firmware.health import counters

    counters.keep(counts)


def _shoot(app, is_live):
    if not app.is_camera_ready:
        from firmware.shot import camera

        camera.wait_for(app)
    app.camera.start()
    is_connected = is_live and app.uploader.connect()  # while the camera exposes
    frame = app.camera.finish()
    app.counters["taken"] += 1
    taken = clock.now() if app.uploader.is_time_known else clock.powered_s()
    # After a camera reset, the exposure takes seconds to settle before the trigger.
    taken -= time.ticks_diff(time.ticks_ms(), frame.triggered_ms) // 1000
    from firmware.shot import sequence

    number = sequence.advance(app.counters)
    from firmware.shot.metadata import describe

    metadata = describe(app, number, taken)
    app.uploader.deliver(frame, number, taken, metadata, is_connected)
