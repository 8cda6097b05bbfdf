"""A clock for tests and for the camera model, which advances only when told."""

_TICKS_PERIOD = 1 << 30  # as on the ESP32 port: ticks_ms() and ticks_us() wrap here


class VirtualClock:
    """A clock that advances only when told, with those functions of `time` that drivers use.

    `now_us` is the time since the start in microseconds and never wraps; the ticks do.
    """

    def __init__(self, now_us: int = 0):
        self.now_us = now_us

    def ticks_ms(self) -> int:
        return self.now_us // 1000 % _TICKS_PERIOD

    def ticks_us(self) -> int:
        return self.now_us % _TICKS_PERIOD

    def ticks_add(self, ticks: int, delta: int) -> int:
        return (ticks + delta) % _TICKS_PERIOD

    def ticks_diff(self, end: int, start: int) -> int:
        half = _TICKS_PERIOD // 2
        return (end - start + half) % _TICKS_PERIOD - half

    def sleep_us(self, us: int) -> None:
        self.now_us += max(0, us)

    def sleep_ms(self, ms: int) -> None:
        self.sleep_us(ms * 1000)

    def sleep(self, seconds: float) -> None:
        self.sleep_us(int(seconds * 1_000_000))
