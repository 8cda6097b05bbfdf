"""Count a shot that gave no photo or a damaged or lost one; loaded after a failure."""

from arducam_mega import CameraError
from jpeg import JPEGError
from s3 import S3Error

from firmware.log import log


def may_retry(app, error, taken):
    """Return whether to take another photo; `taken` is the counter from before the shot."""
    try:
        return _judge(app, error, taken)
    finally:
        from firmware.health.counters import keep

        keep(app.counters)


def _judge(app, error, taken):
    log("E app photo lost", why=error)
    app.note(error)
    app.failures += 1
    counters = app.counters
    if taken == counters["taken"]:
        counters["missed"] += 1
        return False
    counters["damaged" if isinstance(error, JPEGError) else "lost"] += 1
    if isinstance(error, S3Error):
        return error.action != "object"  # a similar photo would be refused, too
    return isinstance(error, (JPEGError, CameraError))
