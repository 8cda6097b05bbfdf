"""True time and the queue of everything that will happen: nothing else moves a swarm's world."""

import heapq
from collections.abc import Callable

from megacam.sim.virtual_clock import VirtualClock

SECOND = 1_000_000
_NEVER_US = 1 << 60


class Engine(VirtualClock):
    """A clock, `now_us` since the history began, that jumps from one event to the next.

    Two events of the same moment happen in the order in which they were scheduled. `begin_s` is
    the UTC time at which the history begins, in seconds since 1970.
    """

    def __init__(self, begin_s: int):
        super().__init__()
        self.begin_s = begin_s
        self._queue: list[tuple[int, int, Callable[[], object]]] = []
        self._count = 0
        self._hard: list[int] = []

    @property
    def now_s(self) -> float:
        """Seconds since the history began."""
        return self.now_us / SECOND

    def utc(self) -> float:
        """UTC seconds since 1970."""
        return self.begin_s + self.now_us / SECOND

    def at(self, when_us: int, action: Callable[[], object], is_hard: bool = False) -> None:
        """Call `action` at that time, or now if it has passed.

        An action that may stop the board has to be `is_hard`: then the board, which lets time pass
        by itself while it needs nothing from the world, asks before it lives beyond that moment.
        """
        self._count += 1
        heapq.heappush(self._queue, (max(when_us, self.now_us), self._count, action))
        if is_hard:
            heapq.heappush(self._hard, when_us)

    def after(self, delay_us: int, action: Callable[[], object]) -> None:
        """Call `action` once `delay_us` have passed."""
        self.at(self.now_us + delay_us, action)

    def next_us(self) -> int:
        """Return the time of the next event."""
        return self._queue[0][0] if self._queue else _NEVER_US

    def next_hard_us(self) -> int:
        """Return the time of the next event that may stop the board."""
        while self._hard and self._hard[0] <= self.now_us:
            heapq.heappop(self._hard)
        return self._hard[0] if self._hard else _NEVER_US

    def run_until(self, when_us: int) -> None:
        """Let everything happen until then."""
        while self._queue and self._queue[0][0] <= when_us:
            self.step()
        self.now_us = max(self.now_us, when_us)

    def step(self) -> None:
        """Let the next event happen."""
        when_us, _, action = heapq.heappop(self._queue)
        self.now_us = max(self.now_us, when_us)
        action()
