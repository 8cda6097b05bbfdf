"""Progress of long work in a thread, which a page can watch and stop."""

import threading


class Work:
    """The progress of a thread: `done` of `total` steps, which only that thread writes."""

    def __init__(self, total: int = 0):
        self.done = 0
        self.total = total
        self._stopped = threading.Event()

    def progress(self, done: int, total: int) -> None:
        """Record the progress."""
        self.done, self.total = done, total

    def stop(self) -> None:
        """Ask the thread to end at its next step."""
        self._stopped.set()

    def is_stopped(self) -> bool:
        """Return whether stop() was called."""
        return self._stopped.is_set()
