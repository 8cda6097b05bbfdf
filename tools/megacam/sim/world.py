"""The world around a simulated board: radio, NVS partition, RTC memory, cause of the reset.

The stand-ins on the board (port/world.py) ask by name, one JSON line each way; an answer is
[when it was asked, false, result] or [when, true, arguments of the OSError that the port raises].
"""

import contextlib
import json
import os
import socket
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

# The wiring of the README. A firmware that uses other pins finds no camera, as in life.
_SPI_ID = 2
_PINS = [18, 23, 19]
_CS = 5
# Association and DHCP of a good router.
_JOIN_US = 300_000
_NAME_LENGTH = 15  # nvs.h: of a namespace and of a key
_NVS_NOT_FOUND = (-0x1102, "ESP_ERR_NVS_NOT_FOUND")
_NVS_INVALID_NAME = (-0x1106, "ESP_ERR_NVS_INVALID_NAME")
_NVS_INVALID_LENGTH = (-0x110C, "ESP_ERR_NVS_INVALID_LENGTH")


class PortError(Exception):
    """The ESP32 port would raise OSError with these arguments; RuntimeError for "Unknown"."""


class NVS:
    """The NVS partition in a file; a commit is appended, so a power cut leaves the one before."""

    def __init__(self, path: Path):
        self._path = path
        self._committed: dict[str, Any] = {}
        if path.exists():
            for line in path.read_text().splitlines(keepends=True):
                if line.endswith("\n"):
                    self._committed = json.loads(line)
        self._now = json.loads(json.dumps(self._committed))

    def nvs_open(self, namespace: str) -> None:
        self._check_name(namespace)
        self._now.setdefault(namespace, {})

    def nvs_set(self, namespace: str, key: str, kind: str, value: Any) -> None:
        self._check_name(key)
        self._now[namespace][key] = [kind, value]

    def nvs_get(self, namespace: str, key: str, kind: str, room_bytes: int) -> Any:
        entry = self._now[namespace].get(key)
        if entry is None or entry[0] != kind:
            raise PortError(*_NVS_NOT_FOUND)
        if kind == "blob" and len(entry[1]) // 2 > room_bytes:
            raise PortError(*_NVS_INVALID_LENGTH)
        return len(entry[1]) // 2 if kind == "blob" else entry[1]

    def nvs_piece(self, namespace: str, key: str, at: int, size: int) -> str:
        """Return `size` bytes of a blob from `at` in hex: all at once would fill the heap."""
        return self._now[namespace][key][1][2 * at : 2 * (at + size)]

    def nvs_erase(self, namespace: str, key: str) -> None:
        if self._now[namespace].pop(key, None) is None:
            raise PortError(*_NVS_NOT_FOUND)

    def nvs_commit(self) -> None:
        with self._path.open("a") as file:
            file.write(json.dumps(self._now) + "\n")

    @staticmethod
    def _check_name(name: str) -> None:
        if not 0 < len(name) <= _NAME_LENGTH:
            raise PortError(*_NVS_INVALID_NAME)


class Radio:
    """The Wi-Fi station: joins what is in the air, with the driver's own habits.

    `networks` is the air: {"ssid", "password", "rssi", "hidden", "dhcp", "refusal"}, all but ssid
    optional; `refusal` is the status of a wrong password, which the driver often hides behind
    CONNECTING. The status of a failure stays until an address is had; connect() in a connect() is
    an error; a link that is lost comes back by itself.
    `hostname`, `power_save` and `cycles` (off and on) tell what the firmware did.
    """

    IDLE, CONNECTING, GOT_IP, NO_AP_FOUND, WRONG_PASSWORD = 1000, 1001, 1010, 201, 202
    _NOBODY = ("0.0.0.0", "255.255.255.0", "0.0.0.0", "0.0.0.0")
    _BY_DHCP = ("127.0.0.1", "255.0.0.0", "127.0.0.1", "127.0.0.1")

    def __init__(self, networks: Sequence[dict[str, Any]]):
        self.networks = list(networks)
        self.now_us = 0
        self._active = False
        self._joining: tuple[str, str] | None = None
        self._since_us = 0
        self._status = self.IDLE
        self._address: Sequence[str] | None = None
        self._hostname = "mpy-esp32"
        self.power_save = 1  # the IDF's default
        self._is_stuck = self._is_dead = False
        self.cycles = 0
        self._silent_until_us = 0

    def blink(self, outage_ms: int) -> None:
        """Let the air be empty for that long; what was joined comes back by itself."""
        self._silent_until_us = self.now_us + outage_ms * 1000

    def jam(self, dead: bool = False) -> None:
        """Be stuck: nothing is joined until the radio goes off; or dead: it does not start."""
        self._is_stuck = True
        self._is_dead = dead

    def _air(self) -> list[dict[str, Any]]:
        return [] if self.now_us < self._silent_until_us else self.networks

    def active(self, on: bool | None = None) -> bool:
        if on is not None:
            if self._active and not on:
                self._joining = None
                self._status = self.IDLE
                self._is_stuck = False
                self.cycles += 1
            self._active = bool(on)
        return self._active

    def scan(self) -> list[tuple[str, int]]:
        """Return (name in hex, dBm) of each access point: a name may be any bytes."""
        self._must_be_active()
        return sorted(
            (
                ("" if ap.get("hidden") else os.fsencode(ap["ssid"]).hex(), self._rssi(ap))
                for ap in self._air()
            ),
            key=lambda ap: -ap[1],
        )

    @staticmethod
    def _rssi(ap: dict[str, Any]) -> int:
        return ap.get("rssi", -55)

    def connect(self, ssid: str, key: str | None = None) -> None:
        self._must_be_active()
        if self._joining and not self.isconnected():
            raise PortError("Wifi Internal Error")
        self._joining = (ssid, key or "")
        self._since_us = self.now_us

    def disconnect(self) -> None:
        self._joining = None

    def status(self, what: str | None = None) -> int:
        if self._joining and self.now_us - self._since_us >= _JOIN_US:
            self._status = self._result(*self._joining)
        if what != "rssi":
            return self._status
        for ap in self._air() if self._joining else ():
            if self._is_let_in(ap, *self._joining or ()):
                return self._rssi(ap)
        raise PortError("Wifi Not Connected")

    def isconnected(self) -> bool:
        return self._joining is not None and self.status() == self.GOT_IP

    def ifconfig(self, address: Sequence[str] | None = None) -> Sequence[str]:
        if address == "dhcp" and not self._address:
            # ESP_ERR_ESP_NETIF_DHCP_ALREADY_STARTED, which the port has no words for.
            raise PortError("Wifi Unknown Error 0x5004")
        if address:
            self._address = None if address == "dhcp" else address
        return self._address or (self._BY_DHCP if self.isconnected() else self._NOBODY)

    def config(self, *names: Any) -> Any:
        self._must_be_active()
        for name, value in (pair for pair in names if not isinstance(pair, str)):
            if name == "pm":
                self.power_save = value
        if names == ("ssid",):
            return self._joining[0] if self._joining else ""
        return "240ac4000001" if names == ("mac",) else None

    def hostname(self, name: str | None = None) -> str:
        self._hostname = name or self._hostname
        return self._hostname

    def _must_be_active(self) -> None:
        if not self._active or self._is_dead:
            raise PortError("Wifi Not Started")

    def _result(self, ssid: str, key: str) -> int:
        for ap in self._air():
            if ap["ssid"] == ssid:
                if self._is_stuck:
                    return self.CONNECTING
                if not self._is_let_in(ap, ssid, key):
                    return ap.get("refusal", self.WRONG_PASSWORD)
                has_address = self._address or ap.get("dhcp", True)
                return self.GOT_IP if has_address else self.CONNECTING
        return self.NO_AP_FOUND

    def _is_let_in(self, ap: dict[str, Any], ssid: str, key: str) -> bool:
        return ap["ssid"] == ssid and ap.get("password", "") == key and not self._is_stuck


class World:
    """Answers one board's questions; keeps NVS and RTC memory in `folder`."""

    def __init__(self, folder: Path, networks: Sequence[dict[str, Any]] = ()):
        self.radio = Radio(networks)
        self.cause = 1
        #: {GPIO: (hertz, duty of 65535)}: what each LED does.
        self.pwms: dict[int, tuple[int, int]] = {}
        self.on_power_cut: Callable[[], None] = lambda: None
        self._folder = folder
        self._nvs = NVS(folder / "nvs.jsonl")
        self._rtc = ""

    def power_on(self) -> None:
        """Forget what does not outlive a loss of power."""
        self.cause = 1
        self._rtc = ""
        self.reset()

    def reset(self) -> None:
        """Do to the peripherals what a reset of the chip does: uncommitted NVS is lost."""
        self.radio = Radio(self.radio.networks)
        self._nvs = NVS(self._folder / "nvs.jsonl")

    def serve(self, end: socket.socket) -> threading.Thread:
        """Answer on `end` in a thread of its own, until the other end closes."""
        thread = threading.Thread(target=self._serve, args=(end,), daemon=True)
        thread.start()
        return thread

    def _serve(self, end: socket.socket) -> None:
        # A board whose power goes in mid-question leaves a broken connection behind.
        with contextlib.suppress(OSError), end, end.makefile("rw") as stream:
            for line in stream:
                name, now_us, args = json.loads(line)
                self.radio.now_us = now_us
                try:
                    answer = [now_us, False, self._find(name)(*args)]
                except PortError as e:
                    answer = [now_us, True, e.args]
                stream.write(json.dumps(answer) + "\n")
                stream.flush()

    def _find(self, name: str) -> Any:
        for owner in (self, self._nvs, self.radio):
            if hasattr(owner, name):
                return getattr(owner, name)
        raise PortError(f"the simulated board has no {name}")

    def spi(self, bus: int, pins: list[int | None]) -> bool:
        return [pin or usual for pin, usual in zip(pins, _PINS, strict=True)] == _PINS

    def cs(self) -> int:
        return _CS

    def rtc(self, memory: str | None = None) -> str:
        self._rtc = self._rtc if memory is None else memory
        return self._rtc

    def cut_power(self) -> None:
        self.on_power_cut()

    def pwm(self, pin: int, hz: int, duty: int) -> bool:
        self.pwms[pin] = (hz, duty)
        return True

    def reset_cause(self) -> int:
        return self.cause

    def unique_id(self) -> str:
        return "240ac4000001"
