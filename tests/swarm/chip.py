"""What the chip keeps besides the flash: NVS, RTC and its memory, radio, analog inputs, LEDs."""

import binascii
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from megacam.sim.peripherals import NVS, Partition, PortError
from megacam.sim.radio import Radio

from swarm.card import Card
from swarm.engine import SECOND, Engine

_CAUSES = {75: 2, 76: 5, 77: 4, 78: 3}  # exit code: machine.reset_cause()
_PPM = 1_000_000
_HEAD = struct.Struct(">BI")  # of an entry in NVS: its format and the CRC-32 of the rest
_ENDS = {75: "reset", 76: "soft reset", 77: "deep sleep", 78: "watchdog"}


class Chip:
    """The state of one ESP32; `sleep_ppm` is how much longer its deep sleep takes than asked."""

    def __init__(self, folder: Path, engine: Engine, card: Card, sleep_ppm: int):
        self._path = folder / "nvs.jsonl"
        self._engine = engine
        self._sleep_ppm = sleep_ppm
        self.card = card
        self.radio = Radio(())
        self.volts: dict[int, float] = {}
        #: Called after each commit with the entry of NVS that boot.py chooses the slot by.
        self.on_slot: Callable[[int], None] | None = None
        self.pwms: dict[int, tuple[int, int]] = {}
        self.sleep_us = self.most_overslept_s = 0
        #: The level of the trigger's pin, and the one that wakes the board from deep sleep.
        self.level = 0
        self.wake_level: int | None = None
        self._entropy = 1
        self.power_on()

    def power_on(self) -> None:
        """Forget what does not survive a loss of power."""
        self.cause = 1
        self.is_pin_wake = False
        self.wake_level = None
        self.rtc_memory = b""
        self.rtc_us = 0
        self.reset(0)

    def reset(self, lived_us: int) -> None:
        """Do what a reset does after a start of `lived_us`: uncommitted NVS is lost."""
        self.rtc_us += lived_us
        self.nvs = Partition(self._path)
        self.radio = Radio(self.radio.networks)
        self.radio.now_us = self._engine.now_us
        self.card.reset()

    def is_woken(self) -> bool:
        """Return whether the pin ends the deep sleep."""
        return self.wake_level == self.level

    def sleep_less(self, left_us: int) -> None:
        """The pin has ended the deep sleep `left_us` too early."""
        self.rtc_us -= left_us * _PPM // (_PPM + self._sleep_ppm)
        self.cause, self.is_pin_wake = 4, True

    def ended(self, code: int, sleep_ms: int) -> str:
        """Note that the board ends with `code`; return what that is called."""
        self.cause = _CAUSES.get(code, 0)
        self.is_pin_wake = False
        if code == 77:
            # The crystal sleeps too: an RC oscillator counts, up to 5 % wrong.
            self.sleep_us = sleep_ms * 1000 + sleep_ms * self._sleep_ppm // 1000
            self.rtc_us += sleep_ms * 1000
            overslept_s = self.sleep_us // SECOND - sleep_ms // 1000
            self.most_overslept_s = max(self.most_overslept_s, overslept_s)
        return _ENDS.get(code, "exit")

    def answer(self, name: str, args: list[Any]) -> Any:
        """Return the answer to tell(name, *args) of the port."""
        return getattr(self, "_on_" + name)(*args)

    def _on_entropy(self) -> int:
        self._entropy = (self._entropy * 1103515245 + 12345) % (1 << 31)
        return self._entropy

    def seed(self, number: int) -> None:
        """Set what the board's random numbers start with."""
        self._entropy = number % (1 << 31)

    def _on_reset_cause(self) -> int:
        return self.cause

    def _on_wake_reason(self) -> int:
        return 2 if self.is_pin_wake else 4

    def _on_wake_on(self, level: int) -> None:
        self.wake_level = level

    def _on_set_rtc(self, start_us: int) -> None:
        self.rtc_us = start_us

    def _on_read_uv(self, pin: int) -> int:
        return min(3_100_000, round(self.volts.get(pin, 0) * SECOND))

    def _on_pwm(self, pin: int, hertz: int, duty: int) -> None:
        self.pwms[pin] = hertz, duty

    def _on_card(self, op: str | int) -> int:
        return self.card.answer(op)

    def _on_radio(self, name: str, args: list[Any], values: dict[str, Any]) -> Any:
        values = {key: value for key, value in values.items() if value is not None}
        found = getattr(self.radio, name)(*args, **values)
        if name == "scan":
            return [[ap[0].hex(), ap[1].hex(), *ap[2:]] for ap in found]
        return found

    # NVS

    def get_blob(self, space: str, key: str, room: int) -> bytes:
        """Return a blob; raises PortError as the port does."""
        return bytes(NVS(self.nvs, space).get_blob(key, room))

    def _on_set_blob(self, space: str, key: str, value: str) -> None:
        NVS(self.nvs, space).set_blob(key, value)

    def _on_get_i32(self, space: str, key: str) -> int:
        return NVS(self.nvs, space).get_i32(key)

    def _on_set_i32(self, space: str, key: str, value: int) -> None:
        NVS(self.nvs, space).set_i32(key, value)

    def _on_erase_key(self, space: str, key: str) -> None:
        NVS(self.nvs, space).erase_key(key)

    def _on_commit(self) -> None:
        self.nvs.commit()
        if self.on_slot:
            self.on_slot(self.nvs.entries["megacam"].get("slot", ("i32", 0))[1])

    def write_slot(self, number: int) -> None:
        """Choose the slot for the next start, as `megacam deploy` does."""
        entries = NVS(self.nvs, "megacam")
        entries.set_i32("slot", number)
        entries.commit()

    def provision(self, name: str, value: Any) -> None:
        """Write an entry as `megacam provision` does: JSON, or bytes, with a checked head.

        The format is that of firmware/credentials/read.py.
        """
        content = value if isinstance(value, bytes) else json.dumps(value).encode()
        blob = _HEAD.pack(1, binascii.crc32(content)) + content
        entries = NVS(self.nvs, "megacam")
        entries.set_blob(name, blob.hex())
        entries.commit()

    def content(self, name: str) -> bytes:
        """Return what an entry of provision() has behind its head, b"" without one."""
        blob = self.nvs.entries.get("megacam", {}).get(name)
        return bytes.fromhex(blob[1])[_HEAD.size :] if blob else b""

    def erase(self, name: str) -> None:
        """Erase an entry."""
        entries = NVS(self.nvs, "megacam")
        try:
            entries.erase_key(name)
        except PortError:
            return
        entries.commit()
