"""Task: ask for a signed release, put it together in the slot that is not in use, and switch.

Each part is loaded alone, because memory is as short as for a photo.
"""

from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_FULL_S = const(3600)
_RELEASE = "/update/release"


def do(app):
    """Return the seconds until this task is due again; None ends it."""
    try:
        after_s = _step(app)
    except OSError as e:
        log("E update cannot be kept on the flash; remove your own files from it", why=e)
        return _FULL_S
    except MemoryError as e:
        from firmware.update import short

        after_s = short.end(app, e)
    if after_s is None:
        app.tasks.pop("update")
    return after_s


def _step(app):
    from firmware.update import turn

    wait_s = turn.wait_s(app)
    if wait_s:
        return wait_s
    count = turn.count()
    turn = None
    if not count:
        from firmware.update import ask

        return ask.ask(app)
    if count[1] < 0:
        from firmware.update import judge

        verdict = judge.judge(app, _RELEASE + ".new")
        from firmware.update import accept

        return accept.accept(*verdict)
    if count[0] < count[1]:
        from firmware.update import fetch

        file = fetch.step(app, count[0])
        fetch = None
        if not file:
            return 0
        from firmware.update import piece

        return piece.get(app, *file)
    from firmware.update import judge

    verdict = judge.judge(app, _RELEASE)
    from firmware.update import finish

    return finish.finish(app, *verdict)
