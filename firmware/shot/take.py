"""Take one photo; loaded when one is due, and freed before the photo is described and sent."""

import time

from firmware import clock
from firmware.shot.key import photo_key
from firmware.shot.sequence import advance

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_WORK_S = const(8)  # what is left to other work, or half an interval


def shoot(app, attempt, is_last):
    """Take a photo; return the arguments of Uploader.deliver() after the metadata.

    Raises CameraError.

    `attempt` counts from 0. The last attempt goes to the spool, and so does a late photo: no due
    photo is skipped. A repeated photo may try the network again, if there is time.
    """
    uploader = app.uploader
    if not attempt:
        uploader.try_for(app.interval_s - min(_WORK_S, app.interval_s // 2))
    is_live = not attempt or (not is_last and not uploader.fatal and uploader.left_ms() > 0)
    if not app.is_camera_ready:
        from firmware.shot import camera

        camera.wait_for(app)
    app.camera.start()
    is_connected = is_live and uploader.connect()  # while the camera exposes
    frame = app.camera.finish()
    app.counters["taken"] += 1
    taken = clock.now() if uploader.is_time_known else clock.powered_s()
    # After a camera reset, the exposure takes seconds to settle before the trigger.
    taken -= time.ticks_diff(time.ticks_ms(), frame.triggered_ms) // 1000
    number = advance(app.counters)
    return (
        frame,
        number,
        taken,
        photo_key(uploader.device, clock.fields(taken), number),
        is_connected,
    )
