"""The stand-ins for what a real ESP32 has in its ROM, as a MicroPython ROM file system.

Code in it runs in place. The interpreter holds the image outside its heap (see
interpreter.command), so the stand-ins' code takes none of the firmware's RAM, as on the chip.
"""

import platform
import re
from collections.abc import Iterable
from pathlib import Path

from mpremote.romfs import VfsRomWriter

from megacam.board import builds, tree
from megacam.board.shorten import shorten

PORT = Path(__file__).parent / "port"
# A package that mip installs takes RAM on a real board, so it does here.
INSTALLED = "hmac"
# Machine code, for which the compiler has to know the machine.
_NATIVE = "copy_x64"
_NO_COPY = re.compile(r"^copy = None\b.*$", re.MULTILINE)
_IS_X64 = platform.machine() in ("x86_64", "AMD64")
# The arguments of Pin(), SPI() and SDCard(), which firmware passes by keyword.
_NAMED = (
    *("id", "mode", "pull", "value", "baudrate", "polarity", "phase", "sck", "mosi", "miso"),
    *("slot", "width", "cs", "freq", "key", "msg", "digestmod", "write"),
)
# The interpreter's first code: mount the image and continue there.
START = (
    "import os, sys, uctypes, vfs\n"
    "rom = uctypes.bytearray_at(*map(int, os.getenv('MEGACAM_ROM').split()))\n"
    "vfs.mount(vfs.VfsRom(rom), '/.rom')\n"
    "sys.path[:] = ['', '.frozen', '/lib', '/.rom', '/.sim']\n"
    "import start"
)


def write(folder: Path, without: Iterable[str] = (), more: Iterable[Path] = ()) -> Path:
    """Write the image into `folder` and return its path; INSTALLED is put next to it as .mpy.

    `without` names stand-ins that this board lacks, `more` are source files of additional ones.
    """
    sources = (*PORT.glob("*.py"), *more)
    texts = {path.stem: path.read_text(encoding="utf-8") for path in sources}
    absent = {*without} if _IS_X64 else {*without, _NATIVE}
    kept = {name: text for name, text in texts.items() if name not in absent}
    files = builds.once(kept, lambda: _compile(kept), kind="stand-ins")
    image = VfsRomWriter()
    for name, compiled in files.items():
        if name == INSTALLED:
            (folder / f"{name}.mpy").write_bytes(compiled)
        else:
            image.mkfile(f"{name}.mpy", compiled)
    path = folder / "rom.img"
    path.write_bytes(image.finalise())
    return path


def _compile(texts: dict[str, str]) -> dict[str, bytes]:
    options = ["-march=x64"] if _NATIVE in texts else []
    texts = dict(texts)
    if native := texts.pop(_NATIVE, ""):
        # As a module of its own it would take 200 bytes more of the firmware's RAM.
        texts["chip"] = _NO_COPY.sub(lambda _: native, texts["chip"], count=1)
    return tree.compile_texts(shorten(texts, named=_NAMED), *options)
