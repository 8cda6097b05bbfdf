"""A process that has loaded the interpreter and forks itself for each start of a board.

    python zygote.py CONTROL-FD ROM SHARED-FILE

A start then takes milliseconds, and each finds the same addresses. A request on the control
socket is {"environment": ..., "arguments": ...} in JSON with two descriptors: the world's end and
the console. The answer is the process's id.
"""

import ctypes
import json
import mmap
import os
import signal
import socket
import sys
from pathlib import Path


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def _map(path: str) -> tuple[mmap.mmap, int]:
    with Path(path).open("r+b") as file:
        shared = mmap.mmap(file.fileno(), 0)
    return shared, ctypes.addressof(ctypes.c_char.from_buffer(shared))


def _become_board(request: dict, ends: list[int], run) -> None:
    _die_with_parent()
    os.dup2(ends[1], 1)
    os.dup2(ends[1], 2)
    os.environ.clear()
    os.environ.update({**request["environment"], "MEGACAM_WORLD_FD": str(ends[0])})
    sys.argv[:] = ["micropython", *request["arguments"]]
    code = 1
    try:
        code = run() or 0
    finally:
        os._exit(code if isinstance(code, int) else 1)


def main() -> None:
    from micropython_unix import main as run

    _die_with_parent()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=int(sys.argv[1]))
    image = Path(sys.argv[2]).read_bytes()
    rom = ctypes.create_string_buffer(image, len(image))
    shared, address = _map(sys.argv[3])
    places = {
        "MEGACAM_ROM": f"{ctypes.addressof(rom)} {len(image)}",
        "MEGACAM_SHARED": f"{address} {len(shared)}",
    }
    while True:
        message, ends, _, _ = socket.recv_fds(control, 1 << 16, 2)
        if not message:
            return
        request = json.loads(message)
        request["environment"].update(places)
        pid = os.fork()
        if not pid:
            control.close()
            _become_board(request, ends, run)
        for end in ends:
            os.close(end)
        control.sendall(f"{pid}\n".encode())


main()
