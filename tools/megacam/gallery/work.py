"""Long work in a thread that a page watches and can stop."""

import threading


class Work:
    """How far a thread is; `done` of `total` steps, written by that thread alone."""

    def __init__(self, total: int = 0):
        self.done = 0
        self.total = total
        self._stopped = threading.Event()

    def progress(self, done: int, total: int) -> None:
        """Note how far it is."""
        self.done, self.total = done, total

    def stop(self) -> None:
        """Ask the thread to end at its next step."""
        self._stopped.set()

    def is_stopped(self) -> bool:
        """Return whether it was asked to."""
        return self._stopped.is_set()
