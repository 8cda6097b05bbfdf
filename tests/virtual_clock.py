"""A clock that stands still between sleeps, for tests of what waits."""


class Clock:
    """A clock that only `sleep` moves."""

    def __init__(self):
        self.now_s = 0.0

    def monotonic(self):
        return self.now_s

    def sleep(self, seconds):
        self.now_s += seconds
