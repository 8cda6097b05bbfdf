"""Photos that are early, because something moves or a trigger fires; imported only if wanted."""

from firmware import clock


class Early:
    """What the loop asks between photos. `lookout` is a shot/lookout.py's Lookout or None.

    `trigger` is a trigger.py's Trigger or None.
    """

    #: After this many seconds a photo goes in any case; 0: all that are due go.
    keepalive_s = 0

    def __init__(self, lookout, trigger):
        self.lookout = lookout
        self.trigger = trigger
        if lookout and lookout.is_gate:
            self.keepalive_s = lookout.keepalive_s

    def calls(self, app, left_s):
        """Return whether a photo is to be taken now, `left_s` seconds before one is due."""
        lookout, trigger = self.lookout, self.trigger
        now = clock.now()
        for start, end in app.windows:
            if start <= now < end:
                break
        else:
            # Outside of the schedule nobody looks, and nothing that happens is kept for later.
            left_s = 0
            if trigger:
                trigger.clear()
        is_time = lookout and (clock.uptime_s() >= lookout.at_s if left_s else lookout.is_looking)
        if is_time and app.try_to(_look, "look", app, left_s):
            return True
        return trigger and trigger.is_fired()

    def begin(self, app):
        """Return whether a photo is to be taken, which is due or early; count it if not."""
        from firmware.tasks import look

        return look.begin(app)

    def words(self):
        """Return what is added to the metadata of the photo."""
        return f"\nmotion={self.lookout.told}" if self.lookout else ""


def _look(name, app, left_s):
    from firmware.tasks import look

    return look.look(app, left_s)
