"""The world around a simulated board: radio, NVS partition, RTC memory, watchdog, pins.

The stand-ins on the board (port/chip.py) send requests. Each request and each answer is one JSON
line:
    [name, time in us since power-on, null or arguments, {keyword: argument}]
    [time of the request, kind of answer, answer]
The name is one of World.offered() or that of an object from an earlier answer, optionally followed
by a dot and an attribute. Without arguments it is looked up, with arguments it is called. Kinds
are "" for JSON values, "bytes" in hex, "eval" for values that JSON lacks, "object" with its name,
"exit" with the code that ends the interpreter, and names of exceptions with their arguments.
"""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from megacam.sim.card import Card
from megacam.sim.peripherals import ADC, NVS, WDT, Filling, Partition, PortError, Timer
from megacam.sim.radio import MAC, Radio

# Exit codes of a board that restarts, and the reset cause that it then reports.
_HARD_RESET, _SOFT_RESET, _DEEP_SLEEP, _STARVED = 75, 76, 77, 78  # port/chip.py, too
_CAUSES = {_HARD_RESET: 2, _SOFT_RESET: 5, _DEEP_SLEEP: 4, _STARVED: 3}
# The wiring of the README. Firmware that uses other pins finds no camera, as on a real board.
_CAMERA = [2, 18, 23, 19]
_CS = 5
_WATCH_S = 1
_PIN_WAKE, _TIMER_WAKE = 2, 4  # ESP-IDF's esp_sleep_wakeup_cause_t
_PIECE_BYTES = 128


class Exit(Exception):  # noqa: N818
    """The board's interpreter ends with `code`."""

    def __init__(self, code: int):
        super().__init__(code)
        self.code = code


class World:
    """Answers the requests of one board; keeps its NVS in `folder`."""

    def __init__(
        self, folder: Path, networks: Sequence[dict[str, Any]] = (), card: Card | None = None
    ):
        self._card = card
        self.radio = Radio(networks)
        self.cause = 1
        #: {GPIO: (hertz, duty of 65535)}: the state of each LED.
        self.pwms: dict[int, tuple[int, int]] = {}
        #: {GPIO: volts}: the voltages at the analog inputs.
        self.volts: dict[int, float] = {}
        #: Seconds from the beginning of a deep sleep to the moment at which an input wakes the
        #: board, for each of the next sleeps that an input may end.
        self.wakes_after_s: list[float] = []
        self._changes: dict[int, list[int]] = {}
        self._woken_by = _TIMER_WAKE
        self.on_power_cut: Callable[[], None] = lambda: None
        #: Called when the watchdog bites a board that is silent; it must kill the interpreter.
        self.on_bite: Callable[[], None] = lambda: None
        #: The seconds that a silent board has lived, and after how many of them it is bitten;
        #: None: after as many as the watchdog waits. A board whose sleeps take no time lives by
        #: the seconds of its processor.
        self.lived_s: Callable[[], float] = time.monotonic
        self.patience_s: float | None = None
        self._folder = folder
        self._rtc = self._rtc_pieces = b""
        #: The real-time clock when the board starts, in microseconds from 2000-01-01.
        self.rtc_us = 0
        self._now_us = 0
        self.reset()

    def power_on(self) -> None:
        """Forget everything that does not survive a loss of power."""
        self.cause = 1
        self._rtc = b""
        self.reset()
        self.rtc_us = 0

    def reset(self) -> None:
        """Do to the peripherals what a reset of the chip does: uncommitted NVS is lost."""
        self.rtc_us += self._now_us
        self._now_us = 0
        self.radio = Radio(self.radio.networks)
        self._nvs = Partition(self._folder / "nvs.jsonl")
        if self._card:
            self._card.reset()
        self._objects: dict[str, Any] = {}
        self._filling = Filling()
        self._bites_us: int | None = None
        self._bites_at = 0.0
        self._restarts_us: int | None = None
        self._is_watched = self._is_armed = False
        self.has_bitten = False

    def reset_cause(self, code: int) -> int:
        """Return the cause of the reset that ended the interpreter with `code`, 0 if none."""
        return _CAUSES.get(_STARVED if self.has_bitten else code, 0)

    def offered(self) -> dict[str, Any]:
        """Return what is in `machine`, `network` and `esp32`, and what only the stand-ins use."""
        return {
            "ADC": partial(ADC, self.volts),
            "NVS": partial(NVS, self._nvs),
            "PWM": self._pwm,
            "STA_IF": 0,
            "Timer": partial(Timer, self._restart_in),
            "WDT": partial(WDT, self._feed),
            "WLAN": self.radio,
            "PWRON_RESET": 1,
            "HARD_RESET": 2,
            "WDT_RESET": 3,
            "DEEPSLEEP_RESET": 4,
            "SOFT_RESET": 5,
            "deepsleep": self._deep_sleep,
            "hostname": self.radio.hostname,
            "PIN_WAKE": _PIN_WAKE,
            "wake_reason": lambda: self._woken_by,
            "wake_on_ext0": self._arm,
            "pin": self._pin_changes,
            "idf_heap_info": lambda capabilities: [(100000, 53000, 31000, 29000)],
            "reset_cause": lambda: self.cause,
            "unique_id": lambda: MAC,
            "card": self._card and self._card.answer,
            "cs": _CS,
            "piece of it": lambda at: bytes(self._filling[at : at + _PIECE_BYTES]),
            "power": self._cut_power,
            "spi": self._is_camera,
            "rtc": self._set_rtc,
            "memory of RTC": self._rtc_memory,
            "piece of RTC": self._rtc_piece,
        }

    def serve(self, end: socket.socket) -> threading.Thread:
        """Answer on `end` in a separate thread, until the other end closes."""
        thread = threading.Thread(target=self._serve, args=(end,), daemon=True)
        thread.start()
        return thread

    def _serve(self, end: socket.socket) -> None:
        # A board that loses power during a request leaves a broken connection behind.
        with contextlib.suppress(OSError), end, end.makefile("rw") as stream:
            for line in stream:
                stream.write(self.answer(*json.loads(line)))
                stream.flush()

    def _cut_power(self) -> None:
        self.on_power_cut()
        # The process lives on until its kill arrives: without an answer, it does nothing more.
        raise ConnectionAbortedError

    def hear(self, now_us: int) -> None:
        """Note the time since its start that the board has just sent, here or on its bus."""
        self.radio.now_us = self._now_us = now_us

    def answer(self, name: str, now_us: int, args: list[Any] | None, values: Any) -> str:
        """Return the line that answers one request; raises OSError if nothing must answer it."""
        self.hear(now_us)
        return json.dumps([now_us, *self._answer(name, args, dict(values))]) + "\n"

    def _answer(
        self, name: str, args: list[Any] | None, values: dict[str, Any]
    ) -> tuple[str, Any]:
        try:
            if self._bites_us is not None and self.radio.now_us > self._bites_us:
                raise Exit(_STARVED)
            if self._restarts_us is not None and self.radio.now_us > self._restarts_us:
                raise Exit(_HARD_RESET)
            found = self._find(name)
            return self._told(found if args is None else found(*args, **values), name)
        except Exit as e:
            return "exit", e.code
        except PortError as e:
            return e.kind.__name__, e.args
        except TypeError as e:
            return "TypeError", (str(e),)

    def _find(self, name: str) -> Any:
        first, _, attribute = name.partition(".")
        try:
            found = {**self.offered(), **self._objects}[first]
            # Constants are attributes of the class, not of its partial().
            return getattr(getattr(found, "func", found), attribute) if attribute else found
        except (KeyError, AttributeError):
            raise PortError(AttributeError, f"the simulated board has no {name}") from None

    def _told(self, value: Any, name: str) -> tuple[str, Any]:
        if isinstance(value, Filling):
            self._filling = value  # fetched in pieces
            return "", len(value)
        if isinstance(value, bytes):
            return "bytes", value.hex()
        if callable(value):
            return "object", name
        with contextlib.suppress(TypeError):
            json.dumps(value)
            return "", value
        if isinstance(value, list):
            return "eval", repr(value)
        handle = str(id(value))
        self._objects[handle] = value
        return "object", handle

    def _exit(self, code: int) -> None:
        raise Exit(code)

    def _is_camera(self, bus: int, *pins: int | None) -> bool:
        wired = [pin or usual for pin, usual in zip(pins, _CAMERA[1:], strict=True)]
        return [bus, *wired] == _CAMERA

    def set_pin(self, pin: int, level: int) -> None:
        """Set the level of an input that the firmware watches."""
        self._changes.setdefault(pin, []).append(level)

    def _pin_changes(self, pin: int) -> list[int]:
        return self._changes.pop(pin, [])

    def _arm(self, pin: int, level: int) -> None:
        self._is_armed = True

    def _deep_sleep(self, time_ms: int = 0) -> None:
        self._woken_by = _TIMER_WAKE
        if self._is_armed and self.wakes_after_s:
            wakes_ms = round(self.wakes_after_s.pop(0) * 1000)
            if wakes_ms < time_ms:
                self._woken_by, time_ms = _PIN_WAKE, wakes_ms
        self.rtc_us += time_ms * 1000  # a real chip's clock is then up to 5 % off
        self._exit(_DEEP_SLEEP)

    def _set_rtc(self, start_us: int) -> None:
        self.rtc_us = start_us

    def _rtc_memory(self, length: int | None = None) -> bytes | None:
        if length is None:
            return self._rtc
        self._rtc = self._rtc_pieces[:length]
        return None

    def _rtc_piece(self, at: int, piece: str) -> None:
        self._rtc_pieces = self._rtc_pieces[:at] + bytes.fromhex(piece)

    def _pwm(self, pin: int, freq: int = 0, duty_u16: int = 0) -> bool:
        self.pwms[pin] = (freq, duty_u16)
        return True

    def _feed(self, timeout_ms: int) -> None:
        self._bites_us = self.radio.now_us + timeout_ms * 1000
        # The board's time may jump ahead of ours, but is never behind it.
        self._bites_at = self.lived_s() + (self.patience_s or timeout_ms / 1000)
        if not self._is_watched:
            self._is_watched = True
            threading.Thread(target=self._watch, args=(self._nvs,), daemon=True).start()

    def _restart_in(self, after_ms: int | None) -> None:
        self._restarts_us = after_ms and self.radio.now_us + after_ms * 1000

    def _watch(self, life: Partition) -> None:
        while (left_s := self._bites_at - self.lived_s()) > 0 and self._nvs is life:
            time.sleep(min(left_s, _WATCH_S))
        if self._nvs is not life:
            return
        self.has_bitten = True
        self.on_bite()
