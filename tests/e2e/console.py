"""What a simulated board prints, and waiting for it."""

import threading


class Console:
    """Collects the `lines` of a board, which come from a thread of its own through line()."""

    def __init__(self):
        self.lines = []
        self._printed = threading.Condition()

    def line(self, text):
        with self._printed:
            self.lines.append(text)
            self._printed.notify_all()

    def wait_until(self, is_over, timeout_s=90):
        """Wait until is_over(lines); fails with all lines where that does not come."""
        with self._printed:
            came = self._printed.wait_for(lambda: is_over(self.lines), timeout_s)
            assert came, "\n".join(["not in these lines:", *self.lines])

    def wait_for(self, *texts):
        """Wait until each of `texts` was in a line of its own, in this order, from now on."""
        first = len(self.lines)
        self.wait_until(lambda lines: _are_in(texts, lines[first:]))


def _are_in(texts, lines):
    left = iter(lines)
    return all(any(text in line for line in left) for text in texts)
