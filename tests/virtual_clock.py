"""A clock that moves only during sleeps, for tests of code that waits."""


class Clock:
    """A clock that moves only by its `sleep`."""

    def __init__(self):
        self.now_s = 0.0

    def monotonic(self):
        return self.now_s

    def sleep(self, seconds):
        self.now_s += seconds
