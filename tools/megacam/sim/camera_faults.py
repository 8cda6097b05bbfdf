"""The faults of the camera model, each switched on by its name.

`CameraModel(faults=("capture-stuck:2", "padding-round1024"))`; `model.faults.add("bit-flip:1")` in
the middle of a run. The number after the colon is how often the fault happens; without it, it
never ends.
"""

import difflib
from collections.abc import Iterable, Iterator

FAULTS = {
    # Nothing or something wrong on the bus.
    "no-camera-low": "MISO stays at 0x00 (counted in SPI transfers)",
    "no-camera-high": "MISO stays at 0xFF (counted in SPI transfers)",
    "late-miso": "each byte on MISO is one bit late, as on a loose or too long wire",
    "slow-power-up": "MISO stays at 0x00 for 800 ms after power-on",
    "fast-writes-ignored": "a register write clocked above 8 MHz has no effect",
    "second-write-dropped": "a register write while the camera is busy has no effect",
    "second-write-corrupts": "a register write while the camera is busy has its bit 0 flipped",
    # Start-up and state.
    "idle-stuck": "a busy phase never ends, until the next reset",
    "stale-idle": "the camera still reads idle for 2 ms after a reset has begun",
    "slow-reset": "a reset takes 1.5 s instead of 60 ms",
    "frame-count-left-over": "FRAME_COUNT holds 2 at first, and a reset does not clear it",
    "test-pattern-left-on": "TESTPAT holds 0x81 at first: counter data instead of photos",
    "sensor-reset-in-field": "the whole camera resets itself as a capture starts: 640x480",
    "sensor-only-reset": "the sensor alone resets as a capture starts; scratch registers stay",
    "brown-out": "power fails for 300 ms in the middle of a capture; all settings are gone",
    # Captures.
    "redundant-0x21-blanking": "0x21 written with the value it has blanks a capture within 300 ms",
    "early-trigger-blanking": "a trigger within 400 ms of a reset blanks captures until a reset",
    "early-wake-blanking": "a trigger within 300 ms of leaving low power gives a blank frame",
    "early-change-blanking": "a trigger within 300 ms of a new format or size gives a blank frame",
    "blank-after-change": "the first frame after a new format or size is blank, however long ago",
    "dark-after-change": "exposure converges over 15 frames again after a new format or size",
    "capture-stuck": "a capture never ends",
    "slow-capture": "a capture takes 2.5 s longer, as in the dark",
    "length-zero": "a capture ends with length 0",
    "length-8mib": "a capture ends with length 8,390,500 (8 MiB + 1,892)",
    "length-all-ones": "a capture ends with length 0xFFFFFF",
    "constant-frame": "a frame is all 08 01 08 01, with a good length",
    "dark-first-frames": "exposure converges over 15 frames from 4 stops too dark",
    "exposure-needs-captures": "with dark-first-frames: only captured frames count, not waiting",
    "green-first-frames": "white balance is not settled until WB_MODE (0x26) is written",
    # The bytes of a frame.
    "dies-in-burst": "power fails for 500 ms when half of a frame has been read: MISO 0x00",
    "bit-flip": "one bit of a frame is wrong, in its middle",
    "dropped-byte": "one byte of a frame is lost, in its middle; the rest moves up",
    "soi-at-one": "a junk byte stands before a photo's FF D8",
    "missing-eoi": "a photo's FF D9 is missing",
    # Padding after a photo, part of the FIFO length: how much, and what. The default is none.
    "padding-small": "1 to 7 bytes follow a photo",
    "padding-round8": "a photo is filled up to a multiple of 8 bytes",
    "padding-round16": "a photo is filled up to a multiple of 16 bytes",
    "padding-round1024": "a photo is filled up to a multiple of 1,024 bytes",
    "padding-kilobytes": "5,000 bytes follow a photo",
    "padding-zero": "padding is zeros (the default)",
    "padding-junk": "padding is bytes without FF",
    "padding-fake-eoi": "padding is junk with an FF D9 in the middle (from 3 bytes on)",
}


class UnknownFaultError(ValueError):
    """A fault switch that does not exist; the message names the nearest one."""


class Faults:
    """The faults that are on, each with the number of times it will still happen."""

    def __init__(self, specs: Iterable[str] = ()):
        self._left: dict[str, int | None] = {}
        for spec in specs:
            self.add(spec)

    def add(self, spec: str) -> None:
        """Switch on "name" for good or "name:N" for N times; a second call replaces the first."""
        name, _, times = spec.partition(":")
        if name not in FAULTS:
            near = difflib.get_close_matches(name, FAULTS, 1)
            hint = f"did you mean {near[0]!r}?" if near else "`megacam sim faults` lists them"
            raise UnknownFaultError(f"camera fault {name!r} does not exist; {hint}")
        if times and not times.isdigit():
            raise UnknownFaultError(f"camera fault {spec!r}: write a count, as in {name}:2")
        self._left[name] = int(times) if times else None

    def discard(self, name: str) -> None:
        """Switch `name` off; do nothing if it is not on."""
        self._left.pop(name, None)

    def clear(self) -> None:
        """Switch everything off, including the model's own quirks."""
        self._left.clear()

    def __contains__(self, name: object) -> bool:
        return name in self._left and self._left[name] != 0  # type: ignore[index]

    def __iter__(self) -> Iterator[str]:
        return iter([name for name in self._left if name in self])

    def __repr__(self) -> str:
        on = (name if n is None else f"{name}:{n}" for name, n in self._left.items() if n != 0)
        return f"Faults([{', '.join(map(repr, on))}])"

    def strike(self, name: str) -> bool:
        """Return whether `name` happens now, and count it."""
        if name not in self:
            return False
        left = self._left[name]
        if left is not None:
            self._left[name] = left - 1
        return True
