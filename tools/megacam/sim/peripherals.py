"""The smaller peripherals of a simulated ESP32, with the methods that MicroPython gives them.

Their arguments come from the firmware: a pin as its number, bytes in hex, and a buffer to fill as
its length.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

_NAME_LENGTH = 15  # nvs.h: of a namespace and of a key
_NVS_NOT_FOUND = (-0x1102, "ESP_ERR_NVS_NOT_FOUND")
_NVS_INVALID_NAME = (-0x1106, "ESP_ERR_NVS_INVALID_NAME")
_NVS_INVALID_LENGTH = (-0x110C, "ESP_ERR_NVS_INVALID_LENGTH")
_ADC_MOST_UV = 3_100_000  # at ATTN_11DB, ESP32 data sheet


class PortError(Exception):
    """The ESP32's port would raise `kind`(*args)."""

    def __init__(self, kind: type[Exception], *args: object):
        super().__init__(*args)
        self.kind = kind


class Filling(bytes):
    """The content for the buffer that the firmware passed."""


class Partition:
    """The NVS partition in a file; commits are appended, so a power cut keeps the previous one."""

    def __init__(self, path: Path):
        self._path = path
        #: {namespace: {key: [kind, value]}}, with what is not committed yet.
        self.entries: dict[str, dict[str, Any]] = {}
        if path.exists():
            for line in path.read_text().splitlines(keepends=True):
                if line.endswith("\n"):
                    self.entries = json.loads(line)

    def commit(self) -> None:
        """Make the changes survive a reset."""
        with self._path.open("a") as file:
            file.write(json.dumps(self.entries) + "\n")


class NVS:
    """One namespace of the partition."""

    def __init__(self, partition: Partition, namespace: str):
        self._check_name(namespace)
        self._entries = partition.entries.setdefault(namespace, {})
        self.commit = partition.commit

    def set_blob(self, key: str, value: str) -> None:
        self._set(key, "blob", value)

    def get_blob(self, key: str, room_bytes: int) -> Filling:
        blob = Filling.fromhex(self._get(key, "blob"))
        if len(blob) > room_bytes:
            raise PortError(OSError, *_NVS_INVALID_LENGTH)
        return blob

    def set_i32(self, key: str, value: int) -> None:
        self._set(key, "i32", value)

    def get_i32(self, key: str) -> int:
        return self._get(key, "i32")

    def erase_key(self, key: str) -> None:
        if self._entries.pop(key, None) is None:
            raise PortError(OSError, *_NVS_NOT_FOUND)

    def _set(self, key: str, kind: str, value: Any) -> None:
        self._check_name(key)
        self._entries[key] = [kind, value]

    def _get(self, key: str, kind: str) -> Any:
        entry = self._entries.get(key)
        if entry is None or entry[0] != kind:
            raise PortError(OSError, *_NVS_NOT_FOUND)
        return entry[1]

    @staticmethod
    def _check_name(name: str) -> None:
        if not 0 < len(name) <= _NAME_LENGTH:
            raise PortError(OSError, *_NVS_INVALID_NAME)


class WDT:
    """The watchdog: it cannot be stopped, only fed. `feed` is the simulator's function."""

    def __init__(self, feed: Callable[[int], None], id: int = 0, timeout: int = 5000):
        if id:
            raise PortError(ValueError)
        if timeout <= 0:
            raise PortError(ValueError, "WDT timeout too short")
        self._feed = feed
        self._timeout_ms = timeout
        self.feed()

    def feed(self) -> None:
        self._feed(self._timeout_ms)


class ADC:
    """The analog input `pin`; `volts` is {GPIO: its voltage}, 0 V for all others."""

    ATTN_0DB, ATTN_2_5DB, ATTN_6DB, ATTN_11DB = range(4)

    def __init__(self, volts: Mapping[int, float], pin: int, *, atten: int = ATTN_0DB):
        self._volts = volts
        self._pin = pin

    def read_uv(self) -> int:
        return min(_ADC_MOST_UV, round(self._volts.get(self._pin, 0) * 1_000_000))


class Timer:
    """A one-shot timer whose callback is machine.reset, the only one that the firmware uses.

    The simulator cannot call back into the board's interpreter. `restart(ms)` restarts the board
    after that time; with None it does not.
    """

    ONE_SHOT, PERIODIC = 0, 1

    def __init__(self, restart: Callable[[int | None], None], id: int = -1, **options: Any):
        self._restart = restart
        if options:
            self.init(**options)

    def init(self, *, mode: int = 1, period: int = -1, callback: Any = None) -> None:
        if mode == self.ONE_SHOT:
            self._restart(period)

    def deinit(self) -> None:
        self._restart(None)
