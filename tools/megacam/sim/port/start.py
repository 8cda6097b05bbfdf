"""Start the simulated board as the ESP32 starts: mount the flash, run boot.py, then main.py.

The interpreter runs this file from the host's file system; after it, `/` is the littlefs flash
image and the host is gone but for `/.sim` (these stand-ins) and `/.board` (NVS, RTC memory,
world.json). With `MEGACAM_EXEC` in the environment, code from standard input runs instead, as
`mpremote exec` would run it.
"""

import gc
import json
import os
import sys

import vfs

_BLOCK = 4096
_RESETS = (75, 76, 77)  # machine.reset(), soft_reset(), deepsleep(): exit codes for the simulator


class Flash:
    """The flash chip: a file of 4096-byte blocks (extended block protocol)."""

    def __init__(self, path):
        self._file = open(path, "r+b")
        self._blocks = self._file.seek(0, 2) // _BLOCK

    def readblocks(self, block, buf, offset=0):
        self._file.seek(block * _BLOCK + offset)
        self._file.readinto(buf)

    def writeblocks(self, block, buf, offset=0):
        self._file.seek(block * _BLOCK + offset)
        self._file.write(buf)

    def ioctl(self, op, arg):
        if op == 4:
            return self._blocks
        if op == 5:
            return _BLOCK
        if op == 3:
            self._file.flush()
        return 0


def mount(flash_path, board_dir, port_dir):
    flash = vfs.VfsLfs2(Flash(flash_path))
    host = [(vfs.VfsPosix(port_dir), "/.sim"), (vfs.VfsPosix(board_dir), "/.board")]
    vfs.umount("/")
    vfs.mount(flash, "/")
    for fs, point in host:
        vfs.mount(fs, point)
    os.chdir("/")
    sys.path[:] = ["", ".frozen", "/lib", "/.sim"]


def run(source, name):
    try:
        exec(compile(source, name, "exec"), {"__name__": "__main__"})
    except SystemExit as e:
        if e.value in _RESETS:
            raise
        return False
    except Exception as e:
        sys.print_exception(e)
        return False
    return True


def run_file(name):
    try:
        with open(name) as f:
            source = f.read()
    except OSError:
        return True
    return run(source, name)


def main():
    board_dir = os.getenv("MEGACAM_BOARD")
    mount(os.getenv("MEGACAM_FLASH"), board_dir, os.getenv("MEGACAM_PORT"))
    import machine

    with open("/.board/world.json") as f:
        machine.connect(json.load(f)["wiring"], int(os.getenv("MEGACAM_CAMERA_FD")))
    gc.collect()
    if os.getenv("MEGACAM_EXEC"):
        return run(sys.stdin.read(), "<stdin>")
    return run_file("boot.py") and run_file("main.py")


sys.exit(0 if main() else 1)
