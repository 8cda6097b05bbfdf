"""The capture loop: take each photo when it is due, and upload it or keep it in the spool."""

import time

from firmware import __version__, clock
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_SHOTS = const(3)  # attempts in all to take one photo and send it intact
_SLICE_MS = const(1000)
_WORK_S = const(8)  # start no other work when less than this, or half an interval, is left
_SET_BACK_S = const(60)  # larger than any correction of a clock that was right
_ASK_S = const(32)  # during a long wait, check this often for work to do
_SHORTAGES = const(20)  # restart after this many memory errors within an hour
_AGAIN_S = const(300)  # a task that failed unexpectedly runs again after this
_LOOK_AGAIN_S = const(300)  # until a restart checks unusable settings again


def main():
    """Build the application and run it forever.

    If the settings are unusable, the board waits, so that you can use the prompt, then restarts.
    """
    app = None
    from firmware.start import supervisor

    reset = supervisor.last_resort()
    try:
        from firmware.start import build

        app = build.build()
        if app and app.sleeps:
            from firmware.power import deep_sleep

            deep_sleep.run(app)
        elif app:
            app.run()
        else:
            from firmware.start import restart

            restart.wait(_LOOK_AGAIN_S, "settings")
    except KeyboardInterrupt:
        from firmware.start import prompt

        prompt.feed_watchdog(app)
        raise
    except Exception as e:
        # Whatever this is, a restart is the best that a camera on a roof can do.
        try:
            from firmware.start import restart

            restart.crashed(e)
        except MemoryError:
            reset()


def _run_task(name, app):
    from firmware.tasks import choose

    return choose.choose(name).do(app)


def _may_retry(app, error, taken):
    from firmware.shot import failure

    return failure.may_retry(app, error, taken)


def _keep(counts):
    from firmware.health import counters

    counters.keep(counts)


class App:
    """Takes a photo whenever one is due, and runs the other tasks in between.

    `tasks` maps the name of each task to the uptime in seconds at which it is due. A task is the
    module tasks/NAME.py: its do(app) returns the seconds until it is due again. Photos are taken
    in `windows`, which are valid until `windows_until` (UTC). `counters` holds the camera's
    counters, see health/counters.py.
    """

    windows = ((0, 1 << 40),)
    windows_until = 0
    #: Whether the camera, an ArducamMega, has been set up. From then on it recovers by itself.
    is_camera_ready = False
    #: For the tasks and the health report: consecutive failures of the link and of shots, the
    #: uptime of the last good shot, memory errors in the last hour, the state that the LED shows
    #: and the object that blinks it, the lowest free heap so far.
    link_failures = failures = good_s = shortages = 0
    state = led = None
    heap_free_low = 1 << 30
    #: For the metadata: where the camera is, and the settings section "sensor" if there is one.
    location = ""
    sensor = None
    #: When a photo was last due, and clock.cycle_s at that time.
    due = cycle_s = 0
    #: How many time servers have failed since one last answered.
    servers = 0
    #: Whether this camera runs on batteries: then power/deep_sleep.py replaces run().
    sleeps = False

    def __init__(self, interval_s, camera, uploader, tasks):
        self.interval_s = interval_s
        self.camera = camera
        self.uploader = uploader
        self.counters = uploader.counters
        self.tasks = tasks
        self.signals = []

    def run(self):
        """Take photos until power-off or Ctrl-C."""
        log("I app started", device=self.uploader.device, version=__version__)
        self.due, self.cycle_s = clock.now(), clock.cycle_s
        if clock.is_set():
            self.tasks["plan"] = -9
            self.work()
            self.due = self.counters["due"] or self.due  # saved before the restart
        while True:
            from firmware.shot import schedule

            due = schedule.advance(self)
            self.work_until(due or self.windows_until)
            if due:
                self.take()
            else:
                self.uploader.feed()
                self.tasks["plan"] = 0  # the known windows have ended
                self.work()
                time.sleep_ms(_SLICE_MS)

    def work_until(self, due):
        """Run tasks and uploads until `due`, UTC seconds since 1970."""
        is_more = True
        last_s = left_s = due - clock.now()
        # If more is left than before, the clock was set back: do not wait hours for that.
        while 0 < left_s <= last_s + _SET_BACK_S:
            self.uploader.feed()
            last_s = left_s
            if is_more and left_s >= min(_WORK_S, self.interval_s // 2):
                self.uploader.try_for(left_s)
                is_more = self.work()
            else:
                time.sleep_ms(_SLICE_MS if left_s > 1 else _SLICE_MS // 20)
                is_more = not left_s % _ASK_S
            left_s = due - clock.now()

    def work(self):
        """Run one task that is due or send one waiting photo; return whether there may be more."""
        name = min(self.tasks, key=self.tasks.get)
        now_s = clock.uptime_s()
        if self.tasks[name] <= now_s:
            self.tasks[name] = now_s + _AGAIN_S
            after_s = self._do(_run_task, name, self)
            if after_s is not None:
                self.tasks[name] = clock.uptime_s() + after_s
            return True
        return self.uploader.has_waiting() and self._do(self.uploader.drain)

    def _do(self, work, *args):
        # Return the result of work(*args), or None if it failed: the loop must go on.
        try:
            return work(*args)
        except Exception as e:
            log("E app work failed", at=args[0] if args else "", why=e)
            self.note(e)

    def note(self, error):
        """Count `error` if it is a MemoryError; raise it after too many."""
        # A fragmented heap does not recover: a restart is better.
        if isinstance(error, MemoryError):
            self.shortages += 1
            if self.shortages >= _SHORTAGES:
                raise error

    def take(self):
        """Take the photo that is due, retry if it is damaged or lost, and count the result.

        The last attempt goes to the spool, and so does a late one: no due photo is skipped.
        """
        self.uploader.try_for(self.interval_s - min(_WORK_S, self.interval_s // 2))
        for i in range(_SHOTS):
            taken = self.counters["taken"]
            try:
                self._shoot(not i or (i < _SHOTS - 1 and self._is_well()))
                self.failures = 0
                self.good_s = clock.uptime_s()
                break
            except Exception as e:
                # The loop must go on, whatever happens to one photo.
                if not self._do(_may_retry, self, e, taken):
                    break
        self._do(_keep, self.counters)

    def _is_well(self):
        # Whether a repeated photo may try the network again, and not only the spool.
        return not self.uploader.fatal and self.uploader.left_ms() > 0

    def _shoot(self, is_live):
        if not self.is_camera_ready:
            from firmware.shot import camera

            camera.wait_for(self)
        self.camera.start()
        is_connected = is_live and self.uploader.connect()  # while the camera exposes
        frame = self.camera.finish()
        self.counters["taken"] += 1
        taken = clock.now() if self.uploader.is_time_known else clock.powered_s()
        # After a camera reset, the exposure takes seconds to settle before the trigger.
        taken -= time.ticks_diff(time.ticks_ms(), frame.triggered_ms) // 1000
        from firmware.shot import sequence

        number = sequence.advance(self.counters)
        from firmware.shot.metadata import describe

        metadata = describe(self, number, taken)
        self.uploader.deliver(frame, number, taken, metadata, is_connected)
