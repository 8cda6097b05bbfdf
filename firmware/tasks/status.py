"""Task: store a health report as DEVICE/status.json."""

from s3 import S3Error

from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_AGAIN_S = const(60)
_FAILED_S = const(300)
_DAY_S = const(86400)
_SHARE = const(4)  # photos have three of four requests of the daily cap


def do(app):
    """Return the seconds until this task is due again."""
    uploader = app.uploader
    if not uploader.is_open():
        return _AGAIN_S
    least_s = _DAY_S * _SHARE // uploader.cap[0]
    uploader.feed()
    try:
        _put(app)
    except S3Error as e:
        log("W status not put", why=e)
        return max(_FAILED_S, least_s)
    if "trial" in app.tasks:
        from firmware.update import keep

        if keep.keep(app):
            return 0  # tell the owner
    elif "update" not in app.tasks:
        from firmware.credentials import read

        if read.has("update_current"):
            app.tasks["update"] = 0  # asks for a release
    from firmware.settings import config

    return max(config.section("status_min") * 60, least_s)


def _put(app):
    """Put a report; raises S3Error.

    A function of its own, because a trial that ends needs the 3 KB that its frame refers to.
    """
    # The handshake, and its error text if it fails, need the most memory: connect before the
    # report is in memory.
    app.uploader.store.connect()
    from firmware.health import report_plan

    # First, because reading the settings takes the most memory. One name for all that comes of it
    # frees each part as soon as it is used.
    plan = report_plan.text(app)
    from firmware.update import report as updates

    plan += updates.text(app)
    from firmware.health import report

    plan = report.report(app, plan)
    app.uploader.counters["requests"] += 1
    from s3.body import BytesBody

    plan = BytesBody(*plan)
    key = f"{app.uploader.device}/status.json"
    app.uploader.store.put(key, plan, "application/json", overwrite=True)
