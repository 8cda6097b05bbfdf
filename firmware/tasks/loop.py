"""What the board does between two photos: one task, or one waiting photo, after the other."""

import time

from firmware import clock

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_SLICE_MS = const(1000)
_SHORT_MS = const(50)  # so that a photo is not late
_WORK_S = const(8)  # start no other work when less than this, or half an interval, is left
_SET_BACK_S = const(60)  # larger than any correction of a clock that was right
_ASK_S = const(32)  # during a long wait, check this often for work to do
_AGAIN_S = const(300)  # a task that failed unexpectedly runs again after this


def work_until(app, due):
    """See App.work_until()."""
    is_more = True
    last_s = left_s = due - clock.now()
    # If more is left than before, the clock was set back: do not wait hours for that.
    while 0 < left_s <= last_s + _SET_BACK_S:
        app.uploader.feed()
        if app.early and app.early.calls(app, left_s):
            return
        last_s = left_s
        if is_more and left_s >= min(_WORK_S, app.interval_s // 2):
            app.uploader.try_for(left_s)
            is_more = work(app)
        else:
            time.sleep_ms(_SLICE_MS if left_s > 1 and not app.early else _SHORT_MS)
            is_more = not left_s % _ASK_S
        left_s = due - clock.now()


def work(app):
    """See App.work()."""
    name = min(app.tasks, key=app.tasks.get)
    now_s = clock.uptime_s()
    if app.tasks[name] <= now_s:
        app.tasks[name] = now_s + _AGAIN_S
        after_s = app.try_to(_run_task, name, app)
        if after_s is not None:
            app.tasks[name] = clock.uptime_s() + after_s
        return True
    return app.uploader.has_waiting() and app.try_to(_send, "spool", app.uploader)


def _run_task(name, app):
    from firmware.tasks import choose

    return choose.choose(name).do(app)


def _send(name, uploader):
    """Upload one waiting photo and remove it; return whether the next one can be sent too.

    A photo that cannot be read, or that the store refuses for itself, goes to quarantine.
    """
    from firmware.upload import drain

    photo = drain.open_next(uploader)
    if not photo:
        return uploader.waiting > 0  # a damaged photo is in quarantine now
    is_over = False
    uploader.why = False
    try:
        # It may be stored already: the power may have failed before it was removed.
        is_over = uploader.put(photo, photo.seq, photo.key, photo.meta, None)
    except MemoryError:
        uploader.why = None
        raise
    except Exception as e:
        uploader.why = e
    finally:
        photo.close()
    from firmware.upload import drain

    return drain.finish(uploader, photo.name, is_over)
