"""The process that is MicroPython; see interpreter.py. Without `site` it starts a third faster.

    python -S interpreter_process.py FOLDER ARGUMENT...

FOLDER holds the package micropython_unix.
"""

import ctypes
import mmap
import os
import signal
import sys


def die_with_parent() -> None:
    """Let the kernel end this process with its parent, where it can (prctl PR_SET_PDEATHSIG)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def run(arguments: list[str]) -> int:
    """Run MicroPython with `arguments` and return its exit code.

    The file that MEGACAM_ROM names is loaded into memory, outside MicroPython's heap, and
    MEGACAM_ROM is "address size" instead. The file that MEGACAM_FLASH names is mapped into memory
    at the address MEGACAM_FLASH_AT.
    """
    from micropython_unix import main

    if path := os.environ.get("MEGACAM_ROM"):
        with open(path, "rb") as file:  # noqa: PTH123 pathlib takes longer than all the rest
            image = file.read()
        rom = ctypes.create_string_buffer(image, len(image))
        os.environ["MEGACAM_ROM"] = f"{ctypes.addressof(rom)} {len(image)}"
    if path := os.environ.get("MEGACAM_FLASH"):
        with open(path, "r+b") as file:  # noqa: PTH123
            flash = ctypes.c_char.from_buffer(mmap.mmap(file.fileno(), 0))
        os.environ["MEGACAM_FLASH_AT"] = str(ctypes.addressof(flash))
    sys.argv[:] = ["micropython", *arguments]
    return main() or 0


if __name__ == "__main__":
    sys.path.append(sys.argv[1])
    die_with_parent()
    sys.exit(run(sys.argv[2:]))
