"""Look for motion between photos; tasks/loop.py calls this, shot/lookout.py has the rules."""

from firmware import clock
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_PHOTO_S = const(3)  # no look later than this before a photo, and before switching back to it
_FRAME_MS = const(1000)  # a large frame that is discarded, in poor light
_AGAIN_S = const(30)  # after the camera has failed
_LONGEST_S = const(60)


def look(app, left_s):
    """Look once, or switch back to photos if the next is due soon, in `left_s` seconds.

    Returns whether a photo is to be taken at once.
    """
    lookout = app.early.lookout
    now_s = clock.uptime_s()
    switch_s = (lookout.settle_ms + lookout.discard * _FRAME_MS) // 1000
    is_soon = left_s <= _PHOTO_S + switch_s and (_goes(app, left_s) or not left_s)
    if is_soon or not app.is_camera_ready:
        lookout.at_s = now_s + min(left_s + 1, _LONGEST_S)
        _end("", app)
        return False
    lookout.at_s = now_s + _AGAIN_S
    score = _score(app)
    lookout.at_s = now_s + lookout.look_s
    if lookout.is_debug:
        log("D motion looked", score=score, light=lookout.motion.light)
    if score >= 0:
        lookout.seen_s = now_s
        lookout.score = score if lookout.is_gate else max(score, lookout.score)
    lookout.is_moved = (
        lookout.is_gate
        and score >= lookout.motion.threshold
        and now_s - lookout.moved_s >= app.interval_s
    )
    return lookout.is_moved


def _score(app):
    lookout = app.early.lookout
    lookout.is_looking = True
    from arducam_mega import look as small

    frame = small.take(app.camera, lookout.settle_ms, lookout.discard)
    try:
        buf = app.uploader.store.buf
        frame.prepare(buf)
        return lookout.motion.look(frame, buf)
    finally:
        frame.close()


def _end(name, app):
    # Have the camera take photos again; nothing is to do if it does.
    lookout = app.early.lookout
    if lookout.is_looking:
        from arducam_mega import look as small

        small.end(app.camera, lookout.settle_ms, lookout.discard)
        lookout.is_looking = False


def begin(app):
    """Get ready for a photo that is due or early; return whether it goes, and count it if not."""
    lookout, trigger = app.early.lookout, app.early.trigger
    is_triggered = trigger and trigger.take()
    if is_triggered:
        app.counters["triggered"] = app.counters.get("triggered", 0) + 1
        app.counters["trigger_at"] = clock.now()
    if lookout:
        if not (is_triggered or _may_go(app)):
            return False
        lookout.photo_s = clock.uptime_s()
        lookout.told, lookout.score = lookout.score, 0
        app.try_to(_end, "look", app)
    return True


def _may_go(app):
    lookout = app.early.lookout
    is_moved, lookout.is_moved = lookout.is_moved, False
    if is_moved:
        lookout.moved_s = clock.uptime_s()
    if is_moved or _goes(app, 0):
        return True
    # If not even an interval has passed, there is a photo instead of it.
    if clock.uptime_s() - lookout.photo_s >= app.interval_s - 1:
        app.counters["gated"] = app.counters.get("gated", 0) + 1
    return False


def _goes(app, in_s):
    """Return whether a photo goes in `in_s` seconds if nothing moves until then."""
    lookout = app.early.lookout
    now_s = clock.uptime_s()
    return (
        not lookout.is_gate
        or app.failures  # of a photo that was to go
        or now_s - lookout.seen_s > max(2 * lookout.look_s, app.interval_s)
        # The uptime may count a second less than the clock.
        or now_s + in_s - lookout.photo_s >= lookout.keepalive_s - 1
    )
