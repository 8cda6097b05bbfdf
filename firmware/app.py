"""The capture loop: take each photo when it is due, and upload it or keep it in the spool."""

from firmware import __version__, clock
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_SHOTS = const(3)  # attempts in all to take one photo and send it intact
_SHORTAGES = const(20)  # restart after this many memory errors within an hour
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
    except (Exception, SystemExit) as e:  # nothing counts soft resets
        # Whatever this is, a restart is the best that a camera on a roof can do.
        try:
            from firmware.start import restart

            restart.crashed(e)
        except Exception:  # no memory, or code that cannot be read
            reset()


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
    #: The EXIF block of the photos, or None: they go as the camera gives them.
    exif = None
    #: (from, until, offset): how many seconds local time is ahead of UTC between two moments in
    #: UTC seconds since 1970. None if local time is UTC.
    zone = None
    #: An early.py's Early if the camera looks for motion or has a trigger.
    early = None
    #: When a photo was last due, and clock.cycle_s at that time.
    due = cycle_s = 0
    #: The file of a release that is being downloaded and its SHA-256 so far, see update/fetch.py.
    hash = None
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
        from firmware.shot import windows

        windows.begin(self)
        while True:
            from firmware.shot import schedule

            due, known = schedule.advance(self), self.windows
            self.work_until(due or self.windows_until)
            if due:
                if self.tasks.get("plan", 0) < 0:
                    self.work()  # the clock has just been set
                # A schedule that became known only now may say that no photo is due.
                if self.windows is known:
                    self.take()
            else:
                from firmware.shot import windows

                windows.renew(self)

    def work_until(self, due):
        """Run tasks and uploads until `due`, UTC seconds since 1970, or until a photo is early."""
        from firmware.tasks import loop

        loop.work_until(self, due)

    def work(self):
        """Run one task that is due or send one waiting photo; return whether there may be more."""
        from firmware.tasks import loop

        return loop.work(self)

    def try_to(self, work, *args):
        """Return the result of work(*args), or None if it failed: the loop must go on."""
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
        """Take the photo that is due, retry if it is damaged or lost, and count the result."""
        # If this fails, the photo is taken: one too many is better than none.
        if self.early and self.try_to(self.early.begin, self) is False:
            return
        for attempt in range(_SHOTS):
            taken = self.counters["taken"]
            error = None
            try:
                from firmware.shot import take

                # The code that takes a photo, and the code that describes it, are freed in turn.
                shot = take.shoot(self, attempt, attempt == _SHOTS - 1)
                from firmware.shot import metadata

                self.uploader.deliver(metadata.describe(self, shot[1], shot[2]), *shot)
                self.failures = 0
                self.good_s = clock.uptime_s()
            except Exception as e:
                # The loop must go on, whatever happens to one photo.
                error = e
            shot = None  # frees the frame and its code, 2 KB
            if not self.try_to(_settle, self, error, taken):
                break


def _settle(app, error, taken):
    if error:
        from firmware.shot import failure

        return failure.may_retry(app, error, taken)
    from firmware.health import counters

    counters.keep(app.counters)
