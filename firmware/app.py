"""The capture loop: a photo at every moment that is due, stored in the bucket or kept."""

import time

from firmware import __version__, clock
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_SHOTS = const(3)  # a photo that breaks on its way is taken again this often in all
_SLICE_MS = const(1000)
_WORK_S = const(8)  # nothing is begun with less time than this, or half an interval, to go
_SET_BACK_S = const(60)  # more than any correction of a clock that was right
_ASK_S = const(32)  # in a long wait there is something to do now and then
_SHORTAGES = const(20)  # so many lacks of memory in an hour are one too many
_AGAIN_S = const(300)  # a task that failed in a way that nobody expected waits this long
_LOOK_AGAIN_S = const(300)  # until settings that could not be used are looked at once more


def main():
    """Build the application and run it for ever.

    Where the settings cannot be used the board waits, for whoever wants the prompt, and restarts.
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
        # Whatever this is, a camera on a roof is better off starting again.
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
    """Takes a photo whenever one is due, and does in between what else there is to do.

    `tasks` has the uptime in seconds at which each task is due: the module tasks/NAME.py, whose
    do(app) returns after how many seconds it is due again. Photos are taken in `windows`, which
    are known until `windows_until` (UTC). `counters` is what the camera counts, see
    health/counters.py.
    """

    windows = ((0, 1 << 40),)
    windows_until = 0
    #: Whether the camera, an ArducamMega, has been set up; from then on it recovers by itself.
    is_camera_ready = False
    #: For the tasks and the health report: failures in a row of the link and of shots, when the
    #: last good shot was (uptime), lacks of memory in the last hour, what the LED says and what
    #: keeps it, the least heap ever free.
    link_failures = failures = good_s = shortages = 0
    state = led = None
    heap_free_low = 1 << 30
    #: For the metadata: where the camera is, and the section "sensor" if there is one.
    location = ""
    sensor = None
    #: When the last moment was at which a photo was due, and clock.cycle_s then.
    due = cycle_s = 0
    #: Time servers that did not answer since one did.
    servers = 0
    #: power/deep_sleep.py has the loop of a camera on batteries.
    sleeps = False

    def __init__(self, interval_s, camera, uploader, tasks):
        self.interval_s = interval_s
        self.camera = camera
        self.uploader = uploader
        self.counters = uploader.counters
        self.tasks = tasks
        self.signals = []

    def run(self):
        """Take photos until the power goes or somebody presses Ctrl-C."""
        log("I app started", device=self.uploader.device, version=__version__)
        self.due, self.cycle_s = clock.now(), clock.cycle_s
        if clock.is_set():
            self.tasks["plan"] = -9
            self.work()
            self.due = self.counters["due"] or self.due  # as the start before left it
        while True:
            from firmware.shot import schedule

            due = schedule.advance(self)
            self.work_until(due or self.windows_until)
            if due:
                self.take()
            else:
                self.uploader.feed()
                self.tasks["plan"] = 0  # the windows that were known are over
                self.work()
                time.sleep_ms(_SLICE_MS)

    def work_until(self, due):
        """Do what there is to do until `due`, UTC seconds since 1970."""
        is_more = True
        last_s = left_s = due - clock.now()
        # More left than before: the clock was set back, and nobody waits for hours because of it.
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
        """Do one thing that there is to do; return whether there may be more."""
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
        # Returns what work(*args) returns, or None where it failed: the loop goes on.
        try:
            return work(*args)
        except Exception as e:
            log("E app work failed", at=args[0] if args else "", why=e)
            self.note(e)

    def note(self, error):
        """Count a lack of memory; raises `error` after too many."""
        # Memory in pieces does not mend itself: rather start again.
        if isinstance(error, MemoryError):
            self.shortages += 1
            if self.shortages >= _SHORTAGES:
                raise error

    def take(self):
        """Take the photo that is due, again if it breaks on its way, and count what came of it.

        The last of the tries, and one that is late, goes to the spool: a moment has its photo.
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
                # The loop goes on whatever happens to one photo.
                if not self._do(_may_retry, self, e, taken):
                    break
        self._do(_keep, self.counters)

    def _is_well(self):
        # Whether a photo that broke off may be taken again for the network.
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
        # After a reset the camera lets its exposure settle first, for seconds.
        taken -= time.ticks_diff(time.ticks_ms(), frame.triggered_ms) // 1000
        from firmware.shot import sequence

        number = sequence.advance(self.counters)
        from firmware.shot.metadata import describe

        metadata = describe(self, number, taken)
        self.uploader.deliver(frame, number, taken, metadata, is_connected)
