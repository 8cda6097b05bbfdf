"""The output of a simulated board, and functions that wait for it."""

import threading


class Console:
    """Collects the `lines` of a board; the board's thread passes them to line()."""

    def __init__(self):
        self.lines = []
        self._printed = threading.Condition()

    def line(self, text):
        with self._printed:
            self.lines.append(text)
            self._printed.notify_all()

    def wait_until(self, is_over, timeout_s=600):
        """Wait until is_over(lines); on a timeout, fail and show all lines."""
        with self._printed:
            came = self._printed.wait_for(lambda: is_over(self.lines), timeout_s)
            assert came, "\n".join(["not in these lines:", *self.lines])

    def wait_for(self, *texts):
        """Wait for new lines that contain `texts`, one line for each, in this order."""
        first = len(self.lines)
        self.wait_until(lambda lines: _are_in(texts, lines[first:]))


def _are_in(texts, lines):
    left = iter(lines)
    return all(any(text in line for line in left) for text in texts)
