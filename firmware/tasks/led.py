"""Task: show the camera's state on the LED."""

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_AGAIN_S = const(30)
_NEVER_S = const(1 << 28)
_FAILING = const(3)  # this many failed shots in a row


def do(app):
    """Return the seconds until this task is due again."""
    from firmware.settings import config

    section = config.section("led")
    if section["pin"] < 0:
        return _NEVER_S
    state = _state(app)
    if state != app.state:
        app.state = state
        from firmware.health import led

        app.led = led.show(section, state)
    return _AGAIN_S


def _state(app):
    if app.camera is None:
        return "safe"
    if app.failures >= _FAILING or not app.uploader.store.credentials:
        return "failing"
    if app.uploader.is_ready() and not app.uploader.failures:
        return "working"
    return "waiting"
