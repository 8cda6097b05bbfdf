"""The board of a history: a real MicroPython interpreter, one process for each of its starts.

The flash, the SD card and a control page are shared memory: they outlive the process. All else is
asked from the world, see port/chip.py; link.py has the world's side.
"""

import contextlib
import ctypes
import hashlib
import json
import mmap
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from megacam import exif
from megacam.board import tree
from megacam.sim import flash, rom
from mpremote.romfs import VfsRomWriter

FLASH_BYTES = 2 << 20
_PAGE = 4096
_PORT = Path(__file__).parent / "port"
_OF_THE_SIMULATOR = ("hmac", "start", "urequests")
_NO_RANDOM_ADDRESSES = 0x0040000  # personality(2): ADDR_NO_RANDOMIZE
#: Far more than the firmware takes: memory is tested by the bench and the soak, on heaps of the
#: right size, and how much the collector frees may differ from machine to machine.
HEAP = "400K"
_CONTROL = struct.Struct("<IIII")


class Board:
    """Starts and kills the interpreter; all its memory that lasts is in `folder`."""

    def __init__(self, folder: Path, files: dict[str, bytes], card_bytes: int = 0):
        self.folder = folder
        self._card_bytes = card_bytes
        path = folder / "shared"
        flash.write_image(path, files)
        image = path.read_bytes()
        path.write_bytes(bytes(_PAGE) + image + bytes(card_bytes))
        with path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), 0)
        self._rom = _write_rom(folder)
        self._control, other = socket.socketpair()
        argv = [sys.executable, str(Path(__file__).with_name("zygote.py"))]
        with other:
            self._zygote = subprocess.Popen(
                [*argv, str(other.fileno()), str(self._rom), str(path)],
                pass_fds=[other.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env={"PATH": os.environ.get("PATH", ""), "PYTHONHASHSEED": "0"},
                preexec_fn=_same_addresses,
                start_new_session=True,
            )
        self.pid = 0

    def close(self) -> None:
        """End everything that was started."""
        self._control.close()
        self._zygote.kill()
        self._zygote.wait()
        self._shared.close()

    def start(self, rtc_us: int) -> tuple[socket.socket, int]:
        """Start the interpreter; return the world's end of the pipe, and the console to read."""
        ours, theirs = socket.socketpair()
        console, terminal = os.pipe()
        environment = {
            "MICROPYPATH": ".frozen",
            "MEGACAM_INSTALLED": str(self._rom.parent),
            "MEGACAM_SIZES": f"{FLASH_BYTES} {self._card_bytes}",
            "MEGACAM_RTC_US": str(rtc_us),
        }
        arguments = ["-X", f"heapsize={HEAP}", "-c", rom.START]
        request = json.dumps({"environment": environment, "arguments": arguments}).encode()
        socket.send_fds(self._control, [request], [theirs.fileno(), terminal])
        theirs.close()
        os.close(terminal)
        os.set_blocking(console, False)
        self.pid = int(self._control.recv(64))
        return ours, console

    def computed_s(self) -> float:
        """Return how many seconds of a processor the interpreter has used."""
        path = Path(f"/proc/{self.pid}/stat")
        if not path.exists():  # not Linux, or it has ended
            return time.monotonic()
        fields = path.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        """End the interpreter at once."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def cut_after(self, writes: int, torn: int) -> None:
        """Let the power fail in that write to the flash, counted from 1, after `torn` bytes."""
        _, _, count, written = self._control_page()
        _CONTROL.pack_into(self._shared, 0, writes, torn, count, written)

    def _control_page(self) -> tuple[int, ...]:
        return _CONTROL.unpack_from(self._shared)

    def note_card(self, works: bool) -> None:
        """Tell the port whether each access to the card succeeds."""
        self._shared[16] = works

    def note_pin(self, level: int) -> None:
        """Tell the port that the trigger's pin has changed."""
        self._shared[17] = (self._shared[17] + 1) & 255
        self._shared[18] = level

    @property
    def writes(self) -> tuple[int, int]:
        """How many writes to the flash there were, and of how many bytes."""
        page = self._control_page()
        return page[2], page[3]

    def read_flash(self) -> dict[str, bytes]:
        """Return {path: content} of the flash, of a board that is not running."""
        with tempfile.NamedTemporaryFile(dir=self.folder) as file:
            file.write(self._shared[_PAGE : _PAGE + FLASH_BYTES])
            file.flush()
            return flash.read_image(Path(file.name))

    def write_flash(self, image: bytes) -> None:
        """Replace the flash of a board that is not running."""
        self._shared[_PAGE : _PAGE + len(image)] = image

    @property
    def card(self) -> bytes:
        """The bytes of the SD card."""
        return self._shared[_PAGE + FLASH_BYTES :]

    def write_card(self, image: bytes) -> None:
        """Put another card's content into the slot."""
        self._shared[_PAGE + FLASH_BYTES :] = image.ljust(self._card_bytes, b"\0")


def _write_rom(folder: Path) -> Path:
    """Write the stand-ins as rom.write() does, but with their own names: RAM is no matter here."""
    texts = {name: (rom.PORT / f"{name}.py").read_text() for name in _OF_THE_SIMULATOR}
    texts |= {path.stem: path.read_text() for path in sorted(_PORT.glob("*.py"))}
    image = VfsRomWriter()
    for name, compiled in tree.compile_texts(texts).items():
        if name == rom.INSTALLED:
            (folder / f"{name}.mpy").write_bytes(compiled)
        else:
            image.mkfile(f"{name}.mpy", compiled)
    path = folder / "rom.img"
    path.write_bytes(image.finalise())
    return path


def waiting(files: dict[str, bytes]) -> set[str]:
    """Return the SHA-256 of each photo in the spool of the flash, without its EXIF."""
    found = set()
    for name, content in files.items():
        if re.fullmatch(r"spool/(damaged-)?\d+-\d+", name) and len(content) > 16:
            size = struct.unpack("<I", content[-16:-12])[0]
            found.add(hashlib.sha256(exif.split(content[:size])[1]).hexdigest())
    return found


def _same_addresses() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).personality(_NO_RANDOM_ADDRESSES)
