"""What a board answers: bytes up to an end mark, in lines, and whether it makes progress."""

import io
import select
import time
from collections.abc import Callable
from typing import Any

#: What ends each part of an answer in the raw REPL.
END = b"\x04"
_TAIL_BYTES = 1000
_POLL_S = 0.005


class Part:
    """One part of an answer; `on_line` gets each complete line of it.

    A line is progress unless `on_line` returns False for it. `is_late` says that there was no
    progress for `limit_s` seconds; without `on_line`, the whole part has that time.
    """

    def __init__(
        self,
        limit_s: float,
        on_line: Callable[[str], Any] | None = None,
        now: Callable[[], float] = time.monotonic,
    ):
        self._data = bytearray()
        self._shown = 0
        self._limit_s, self._on_line, self._now = limit_s, on_line, now
        self._deadline = now() + limit_s

    def add(self, data: bytes) -> None:
        """Take more bytes of the answer."""
        self._data += data
        while self._on_line and (end := self._data.find(b"\n", self._shown)) >= 0:
            line = self._data[self._shown : end].decode(errors="replace").rstrip("\r")
            self._shown = end + 1
            if self._on_line(line) is not False:
                self._deadline = self._now() + self._limit_s

    @property
    def is_complete(self) -> bool:
        """Return whether the part has ended."""
        return self._data.endswith(END)

    @property
    def is_late(self) -> bool:
        """Return whether there was no progress for too long."""
        return self._now() > self._deadline

    @property
    def content(self) -> bytes:
        """Return the part without its end mark."""
        return bytes(self._data.removesuffix(END))

    @property
    def tail(self) -> bytes:
        """Return the last bytes."""
        return bytes(self._data[-_TAIL_BYTES:])


class Tap:
    """A serial line that remembers the last bytes read, because mpremote discards them.

    mpremote waits for a prompt as long as the board sends anything, and 10 s for the next byte;
    from `give_up` on (time.monotonic()), read() and inWaiting() raise OSError instead.
    inWaiting() returns 0 only after `patience_s` seconds without input.
    """

    def __init__(self, line: Any):
        self._line = line
        self.tail = b""
        self.give_up = float("inf")
        self.patience_s = 0.0

    def await_input(self, most_s: float) -> None:
        """Wait until there is something to read, for `most_s` seconds at most."""
        try:
            select.select([self._line], [], [], most_s)
        except (TypeError, io.UnsupportedOperation):  # Windows: only sockets
            time.sleep(min(most_s, _POLL_S))

    def inWaiting(self) -> int:  # noqa: N802 (pyserial's old name, which mpremote uses)
        self._watch_clock()
        if self.patience_s and not self._line.in_waiting:
            self.await_input(self.patience_s)
        return self._line.in_waiting

    def read(self, size: int = 1) -> bytes:
        self._watch_clock()
        data = self._line.read(size)
        self.tail = (self.tail + data)[-_TAIL_BYTES:]
        return data

    def _watch_clock(self) -> None:
        if time.monotonic() > self.give_up:
            raise OSError("the board sends no prompt")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._line, name)


def printable(text: str, most: int = 500) -> str:
    """Return a board's text in one line for people: no control characters, not too long."""
    words = "".join(char if char.isprintable() else " " for char in text)
    return words if len(words) <= most else words[:most] + "..."
