"""Flash MicroPython to the chip; the image is checked before anything is erased.

image = flash.examine(path)
with flash.connect(port) as chip:
    flash.write(chip, image)
"""

import contextlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from megacam.board import device, esp_image
from megacam.board.device import OLDEST, DeviceError, find, why_not_open
from megacam.errors import MegacamError

_URL = "https://micropython.org/download/{}/"
_PROJECT = "micropython"  # in ports/esp32/CMakeLists.txt
_OLDEST = ".".join(map(str, OLDEST))
# The partitions that MicroPython keeps its files in (ports/esp32/modules/flashbdev.py).
_FILES = ("vfs", "ffat")
_LOOK_BYTES = 64
# esptool's targets: the chip id in the extended header of an image (bytes 12 and 13), the name,
# MicroPython's image for it, and where a combined image begins in the flash.
_CHIPS = (
    (0, "ESP32", "ESP32_GENERIC", 0x1000),
    (2, "ESP32-S2", "ESP32_GENERIC_S2", 0x1000),
    (9, "ESP32-S3", "ESP32_GENERIC_S3", 0),
    (5, "ESP32-C3", "ESP32_GENERIC_C3", 0),
    (13, "ESP32-C6", "ESP32_GENERIC_C6", 0),
)
_START_PAUSES_S = (0, 2, 4)
_VERSION = re.compile(rb"MicroPython v(\d+)\.(\d+)\.?(\d*)")


class ImageError(MegacamError):
    """The file cannot be flashed; the message says what it is and which one to get."""


class FlashError(DeviceError):
    """The chip cannot be reached or written."""


@dataclass(frozen=True)
class Image:
    """An image of MicroPython for one kind of chip; `address` is its place in the flash."""

    path: Path
    chip: str
    version: str
    address: int
    size_bytes: int


class Chip(Protocol):
    """What flashing needs from a chip in its bootloader."""

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
    """Return which image a chip needs and its URL; raises FlashError if there is none."""
    name = image_name(chip)
    return f"{name}-....bin, version {_OLDEST} or newer, from {_URL.format(name)}"


def examine(path: Path) -> Image:
    """Examine an image file; raises ImageError unless it has everything that a chip needs.

    That is a bootloader, a partition table with room for files, and MicroPython.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ImageError(f"cannot read {path}: {error.strerror}; {_get(_CHIPS[0])}") from error
    if not esp_image.is_image(data):
        raise ImageError(f"{path} is {_kind(data)}, not an image for an ESP32; {_get(_CHIPS[0])}")
    number = esp_image.chip_id(data)
    known = [row for row in _CHIPS if row[0] == number]
    if not known:
        raise ImageError(f"{path} is for an unknown chip (id {number}); {_get(_CHIPS[0])}")
    row = known[0]
    try:
        version = _version(path, row, _application(path, row, data))
    except esp_image.BrokenError as error:
        raise ImageError(f"{path} is damaged ({error}); download it again") from None
    return Image(path, row[1], version, row[3], len(data))


def _get(row: tuple[int, str, str, int]) -> str:
    return f"get {row[2]}-....bin from {_URL.format(row[2])}"


def _kind(data: bytes) -> str:
    """Describe a file that does not begin like an image."""
    if not data:
        return "empty"
    if data.startswith(b"UF2\n"):
        return "a .uf2 file"
    start = data[:_LOOK_BYTES]
    is_text = all(32 <= byte < 127 or byte in b"\t\r\n" for byte in start)
    return "a text file or a web page" if is_text else "something else (its first byte is not E9)"


def _application(path: Path, row: tuple[int, str, str, int], data: bytes) -> bytes:
    """Return the application in an image; raises ImageError and BrokenError."""
    _, chip, _, address = row
    if esp_image.project(data) is not None:
        raise ImageError(
            f"{path} is only an application, for updates, without the bootloader and the "
            f"partition table that an erased board needs; {_get(row)}"
        )
    esp_image.check_sums(chip, data)
    table_at = esp_image.TABLE_AT - address
    table = esp_image.partitions(data[table_at : table_at + esp_image.TABLE_BYTES])
    if not table:
        raise ImageError(f"{path} is a bootloader without a partition table; {_get(row)}")
    if not any(part.label in _FILES for part in table):
        raise ImageError(
            f"{path} has no room for files (no partition named vfs), which megacam needs; "
            f"{_get(row)}"
        )
    starts = [part.offset - address for part in table if part.starts]
    application = data[starts[0] :] if starts and starts[0] > 0 else b""
    if not application:
        raise esp_image.BrokenError("it ends before the application")
    return application


def _version(path: Path, row: tuple[int, str, str, int], application: bytes) -> str:
    """Return the MicroPython version of an application; raises the same as _application()."""
    number, chip, _, _ = row
    if not esp_image.is_image(application) or esp_image.chip_id(application) != number:
        raise esp_image.BrokenError(f"its application is not for the {chip}")
    esp_image.check_sums(chip, application)
    name, found = esp_image.project(application), _VERSION.search(application)
    if name != _PROJECT or not found:
        what = f"{name!r}" if name and name != _PROJECT else "a firmware"
        raise ImageError(f"{path} is {what} for the {chip} but not MicroPython; {_get(row)}")
    version = tuple(int(part or 0) for part in found.groups())
    shown = ".".join(map(str, version))
    if version[:2] < OLDEST:
        raise ImageError(
            f"{path} is MicroPython {shown}; megacam needs {_OLDEST} or newer; {_get(row)}"
        )
    return shown


@contextlib.contextmanager
def connect(port: str | None) -> Iterator[Chip]:
    """Yield the chip on the port, in its bootloader; reset it at the end.

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
    why = "the connection was lost" if is_gone else reason
    return FlashError(
        f"flashing the chip at {name} failed: {why}; check cable and supply and flash it again "
        "(until then the board does not work)"
    )


def _failures() -> tuple[type[Exception], ...]:
    """Return the exceptions of esptool, pyserial and termios; the last is for a lost port.

    Windows has no termios.
    """
    from esptool.util import FatalError

    with contextlib.suppress(ImportError):
        import termios

        return FatalError, OSError, termios.error
    return FatalError, OSError


def _silence() -> None:
    # esptool's errors are raised as exceptions; megacam prints its own messages.
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

        # esptool itself verifies the MD5 of what it has written.
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


def running(port: str | None) -> str:
    """Return the version of MicroPython that runs on a board after write().

    Raises FlashError if it does not answer or is too old.
    """
    reason = None
    for pause_s in _START_PAUSES_S:
        # A chip with native USB gets a new port; the first start formats the flash.
        time.sleep(pause_s)
        try:
            with device.connect(port) as found:
                return found.version
        except DeviceError as error:
            reason = error
    raise FlashError(
        f"the image was written and verified, but MicroPython does not answer ({reason}); press "
        "the board's reset button and run `megacam doctor`"
    )
