"""MicroPython onto the chip: the image is looked into before anything is erased.

image = flash.examine(path)
with flash.connect(port) as chip:
    flash.write(chip, image)
"""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from megacam.device import OLDEST, DeviceError, find, why_not_open
from megacam.errors import MegacamError

_URL = "https://micropython.org/download/{}/"
_MAGIC = 0xE9
_HEADER_BYTES = 24
# esptool's targets: the chip id in the extended header of an image (bytes 12 and 13), the name,
# MicroPython's image for it, and where a combined image begins in the flash.
_CHIPS = (
    (0, "ESP32", "ESP32_GENERIC", 0x1000),
    (2, "ESP32-S2", "ESP32_GENERIC_S2", 0x1000),
    (9, "ESP32-S3", "ESP32_GENERIC_S3", 0),
    (5, "ESP32-C3", "ESP32_GENERIC_C3", 0),
    (13, "ESP32-C6", "ESP32_GENERIC_C6", 0),
)
_VERSION = re.compile(rb"MicroPython v(\d+)\.(\d+)\.?(\d*)")


class ImageError(MegacamError):
    """The file cannot be flashed; the message says what it is and which one to get."""


class FlashError(DeviceError):
    """The chip cannot be reached or written."""


@dataclass(frozen=True)
class Image:
    """An image of MicroPython for one kind of chip; `address` is where it goes."""

    path: Path
    chip: str
    version: str
    address: int
    size_bytes: int


class Chip(Protocol):
    """What flashing needs of a chip in its bootloader."""

    name: str

    def erase(self) -> None:
        """Erase all of the flash."""
        ...

    def write(self, address: int, path: Path) -> None:
        """Write a file to the flash and verify it."""
        ...


def image_name(chip: str) -> str:
    """Return the name of MicroPython's image for a chip; raises FlashError if there is none."""
    names = {name: image for _, name, image, _ in _CHIPS}
    if chip not in names:
        raise FlashError(f"megacam does not know {chip}; it runs on {', '.join(names)}")
    return names[chip]


def wanted_image(chip: str) -> str:
    """Say which image a chip needs and where it is; raises FlashError if there is none."""
    name, oldest = image_name(chip), ".".join(map(str, OLDEST))
    return f"{name}-....bin, version {oldest} or newer, from {_URL.format(name)}"


def examine(path: Path) -> Image:
    """Return what is in an image file; raises ImageError if it is not MicroPython for an ESP32."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ImageError(f"cannot read {path}: {error.strerror}") from error
    get = f"get ESP32_GENERIC-....bin from {_URL.format('ESP32_GENERIC')}"
    if len(data) < _HEADER_BYTES or data[0] != _MAGIC:
        kind = "an .uf2 or other file" if path.suffix != ".bin" else "no image for an ESP32"
        raise ImageError(f"{path} is {kind} (its first byte is not E9); {get}")
    number = int.from_bytes(data[12:14], "little")
    known = [row for row in _CHIPS if row[0] == number]
    if not known:
        raise ImageError(f"{path} is for an unknown chip (id {number}); {get}")
    _, chip, _, address = known[0]
    _check_sum(path, chip)
    found = _VERSION.search(data)
    if not found:
        raise ImageError(f"{path} is for the {chip} but not MicroPython; {get}")
    version = tuple(int(part or 0) for part in found.groups())
    shown = ".".join(map(str, version))
    if version[:2] < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        raise ImageError(f"{path} is MicroPython {shown}; megacam needs {wanted} or newer; {get}")
    return Image(path, chip, shown, address, len(data))


def _check_sum(path: Path, chip: str) -> None:
    from esptool.bin_image import LoadFirmwareImage
    from esptool.util import FatalError

    try:
        _silence()
        image = LoadFirmwareImage(chip.lower().replace("-", ""), str(path))
        whole = image.checksum == image.calculate_checksum()
    except (FatalError, OSError, ValueError, IndexError) as error:
        raise ImageError(f"{path} is damaged ({error}); download it again") from None
    if not whole:
        raise ImageError(f"{path} is damaged (its checksum is wrong); download it again")


@contextlib.contextmanager
def connect(port: str | None) -> Iterator[Chip]:
    """Hand over the chip on the port, in its bootloader; it is reset at the end.

    Raises FlashError, NoBoardError and BusyError.
    """
    from esptool import cmds

    name, is_reached = find(port), False
    failures = _failures()
    try:
        _silence()
        with cmds.detect_chip(name) as esp:
            is_reached = True
            try:
                yield _EsptoolChip(esp)
            except BaseException:
                with contextlib.suppress(*failures):
                    cmds.reset_chip(esp)
                raise
            cmds.reset_chip(esp)
    except failures as error:
        reason = str(error).strip().splitlines()[0].rstrip(".")
        if is_reached:
            raise _broken_off(name, error, reason) from error
        if reason.startswith("Could not open"):
            raise why_not_open(name) from error
        raise FlashError(
            f"the chip at {name} cannot be flashed: {reason}; hold its BOOT button while this "
            "starts, and close every program that uses the port"
        ) from error


def _broken_off(name: str, error: Exception, reason: str) -> FlashError:
    from esptool.util import FatalError

    is_gone = not isinstance(error, FatalError) or reason.startswith("Could not open")
    why = "the board went away" if is_gone else reason
    return FlashError(
        f"flashing the chip at {name} broke off: {why}; check cable and supply and flash it "
        "again, for until then the board does nothing"
    )


def _failures() -> tuple[type[Exception], ...]:
    """Return what esptool raises: its own kind, pyserial's, and termios' for a port that is gone.

    Windows has no termios.
    """
    from esptool.util import FatalError

    with contextlib.suppress(ImportError):
        import termios

        return FatalError, OSError, termios.error
    return FatalError, OSError


def _silence() -> None:
    # What esptool has to say comes back as exceptions; the words are ours.
    from esptool.logger import log

    log.set_verbosity("silent")


class _EsptoolChip:
    def __init__(self, esp: Any):
        self.name: str = esp.CHIP_NAME
        self._esp = esp

    def erase(self) -> None:
        from esptool import cmds

        self._esp = self._esp.run_stub()
        cmds.attach_flash(self._esp)
        cmds.erase_flash(self._esp)

    def write(self, address: int, path: Path) -> None:
        from esptool import cmds

        # esptool compares the MD5 of what is in the flash by itself.
        cmds.write_flash(self._esp, [(address, str(path))])


def check(chip: str, image: Image) -> None:
    """Raise ImageError, naming the right image, if `image` is for another chip."""
    wanted = image_name(chip)
    if image.chip != chip:
        raise ImageError(
            f"the board is an {chip} and {image.path} is for the {image.chip}; get {wanted}-"
            f"....bin from {_URL.format(wanted)}"
        )


def write(chip: Chip, image: Image) -> None:
    """Erase the chip and write the image; raises ImageError before anything is erased."""
    check(chip.name, image)
    chip.erase()
    chip.write(image.address, image.path)
