"""The true time of a simulated month, derived from the board's clock: there is no other clock."""

import time

from megacam.sim.virtual_clock import VirtualClock

#: 1 December 2026, 00:00 UTC, in seconds since 1970: the month begins.
BEGIN_S = 1_796_083_200


class Truth(VirtualClock):
    """The clock of the month, which the camera model uses too.

    The board's crystal is `ppm` parts per million fast.
    """

    def __init__(self, ppm: int = 20):
        super().__init__()
        self._ppm = ppm
        self._base_us = 0
        self._heard_at = time.monotonic()

    def restart(self, off_s: float = 0) -> None:
        """Note that the board starts after `off_s` without power; its own time is 0 then."""
        self.now_us += int(off_s * 1_000_000)
        self._base_us = self.now_us

    def hear(self, board_us: int) -> None:
        """Update the clock with the time since its start that the board has just sent."""
        self.now_us = max(
            self.now_us, self._base_us + board_us - board_us * self._ppm // 1_000_000
        )
        self._heard_at = time.monotonic()

    @property
    def now_s(self) -> float:
        """Seconds since the month began."""
        return self.now_us / 1_000_000

    def utc(self) -> float:
        """Return UTC seconds since 1970, including the real time since the last hear()."""
        return BEGIN_S + self.now_s + time.monotonic() - self._heard_at
