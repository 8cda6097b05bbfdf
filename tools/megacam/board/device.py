"""A board on a serial port: find it, run code on it; the only module that talks to mpremote.

    with device.connect(None) as board:         # stops the program, restarts the board at the end
        print(board.exec("print(1 + 1)"))

Code is never written to a file, so it may hold secrets. File operations are in board/files.py.
"""

import contextlib
import errno
import io
import os
import re
import struct
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import serial
from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport
from serial.tools import list_ports

from megacam.board import answer, prompt
from megacam.errors import MegacamError

OLDEST = (1, 24)
_ENTER_TIMEOUT_S = 2
_ENTER_TRIES = 4
# Time from the reset until boot.py can be interrupted: ROM, bootloader, MicroPython.
_BOOT_TIMEOUT_S = 10
# How long mpremote waits for a two-byte answer; a busy computer needs some of it, too.
_READ_TIMEOUT_S = 5
_PAUSE_S = 0.1
#: How long a board may make no progress. The slowest single step of littlefs takes a second.
SILENCE_S = 120
_WHY_TIMEOUT_S = 10
_RESET = "import machine\nmachine.reset()"
_ERROR_LINE = re.compile(r"^([A-Za-z_][\w.]*)(?:: (.*))?$", re.DOTALL)
_ERROR_NUMBER = re.compile(r"^\[Errno -?\d+\] ")
_ROM_LINE = re.compile(rb"rst:0x[0-9a-f]+ ")
# A board that resets reports it within this time.
_LAST_WORDS_S = 0.5
_BROWN_OUT = b"Brownout detector was triggered"


class DeviceError(MegacamError):
    """The board cannot be used; the message says why and what to do."""


class NoBoardError(DeviceError):
    """No board, or more than one, or none under that name."""


class BusyError(DeviceError):
    """Another program uses the port, or we have no permission to open it."""


class NotMicroPythonError(DeviceError):
    """The port does not answer as MicroPython, or its version is too old."""


class GoneError(DeviceError):
    """The connection to the board was lost: its cable or its power failed."""


class RestartedError(DeviceError):
    """The board restarted by itself; `brown_out` is whether its brown-out detector did it."""

    def __init__(self, text: str, brown_out: bool):
        super().__init__(text)
        self.brown_out = brown_out


class GarbledError(DeviceError):
    """An answer of the board makes no sense: bytes were lost, or others came between."""

    def __init__(self) -> None:
        super().__init__(
            "the board's answer arrived damaged; check cable and supply, and run the command again"
        )


class RemoteError(DeviceError):
    """The code raised an exception on the board: `kind` is its name, `text` its message.

    `reason` joins both for display: "OSError: ENOENT".
    """

    def __init__(self, kind: str, text: str):
        self.kind = kind
        self.text = text
        words = _ERROR_NUMBER.sub("", text)
        self.reason = f"{kind}: {words}" if words else kind
        super().__init__(f"the board says {self.reason}")


def find(port: str | None, ports: Callable[[], Iterable[Any]] | None = None) -> str:
    """Return the name of the port: `port` if given, else the only USB serial port."""
    if port:
        return port
    found = [one for one in (ports or list_ports.comports)() if one.vid is not None]
    if not found:
        raise NoBoardError(
            "no board on USB; plug it in with a cable that carries data, install the driver of "
            "its USB chip (CP210x or CH340) if the system has none, or name its port with --port"
        )
    if len(found) > 1:
        names = ", ".join(f"{one.device} ({one.description})" for one in found)
        raise NoBoardError(f"more than one board on USB: {names}; choose one with --port")
    return found[0].device


@contextlib.contextmanager
def connect(port: str | None) -> "Iterator[Device]":
    """Interrupt the program on the board and yield the board; restart it at the end.

    Raises NoBoardError, BusyError and NotMicroPythonError, each with one sentence.
    """
    name = find(port)
    board = Device(name, _open(name))
    try:
        board.start()
        yield board
    finally:
        board.close()


class _Transport(SerialTransport):
    serial: Any

    def read_until(self, *args: Any, **options: Any) -> bytes:
        # mpremote sleeps for 10 ms when there is no input, and a deploy has hundreds of answers.
        self.serial.patience_s = _PAUSE_S
        try:
            return super().read_until(*args, **options)
        finally:
            self.serial.patience_s = 0.0


def _open(port: str) -> SerialTransport:
    try:
        # The timeout keeps mpremote from waiting forever for a byte that does not come.
        return _Transport(port, timeout=_READ_TIMEOUT_S)
    except (TransportError, OSError, ValueError):
        raise why_not_open(port) from None


def why_not_open(port: str) -> DeviceError:
    """Return the error that says why a port cannot be opened."""
    try:
        serial.serial_for_url(port, exclusive=True).close()
    except (OSError, ValueError) as error:
        number = getattr(error, "errno", None)
        if number == errno.ENOENT or "FileNotFound" in str(error):
            return NoBoardError(f"there is no port {port}; plug the board in or check --port")
        if number == errno.EACCES and os.name != "nt":
            return BusyError(
                f"no permission to use {port}; on Linux add yourself to its group, usually "
                "`sudo usermod -aG dialout $USER`, and sign in again"
            )
        if number in (errno.EAGAIN, errno.EBUSY, errno.EACCES) or "lock" in str(error):
            return BusyError(f"another program uses {port}; close it (a terminal, an IDE)")
    return NoBoardError(f"{port} cannot be opened as a serial port; check --port")


class Device:
    """A board in its raw REPL; made by connect()."""

    def __init__(self, port: str, transport: SerialTransport):
        self.port = port
        self.version = ""
        self._transport = transport
        self._line: Any = answer.Tap(transport.serial)
        transport.serial = self._line
        self._is_alive = False
        self._is_ready = False  # at the raw prompt

    def start(self) -> None:
        """Stop the running program, reset the chip and hold it before boot.py runs.

        The reset stops a watchdog that nobody would feed any more, and frees all memory.
        """
        try:
            self._stop()
        except (GoneError, RestartedError):
            self._stop()  # opening the port resets some boards, a moment later

    def _stop(self) -> None:
        with self._guarded():
            self._line.tail = b""
            self._enter(b"\r\x03", _ENTER_TRIES)
            self._is_alive = True
            self._check_version()
            self.reset()

    def reset(self) -> None:
        """Reset the chip and hold it before boot.py runs."""
        with self._guarded():
            self._send_reset()
            self._interrupt_boot()
            self._enter(b"", _ENTER_TRIES)
            self._line.tail = b""  # this restart was requested
        # The last Ctrl-C may arrive just after boot.py has ended and interrupt this code instead,
        # so run it twice.
        for _ in range(2):
            with contextlib.suppress(RemoteError):
                self.exec(prompt.FORGET)

    def close(self) -> None:
        """Restart the board as after power-on and release the port."""
        with contextlib.suppress(Exception):
            if self._is_alive:
                if not self._is_ready:  # after a Ctrl-C on this side, or if the board was silent
                    self._enter(b"\r\x03", _ENTER_TRIES)
                self._send_reset()
                time.sleep(_PAUSE_S)
        with contextlib.suppress(Exception):
            self._transport.close()

    def exec(
        self,
        code: str,
        timeout_s: float | None = None,
        on_line: Callable[[str], Any] | None = None,
    ) -> str:
        """Run `code` on the board and return what it printed; `on_line` gets it line by line.

        `timeout_s` (default SILENCE_S) is how long the board may make no progress: print no line,
        or only lines for which `on_line` returns False. Without `on_line`, it is the time for the
        whole answer.
        Raises RemoteError, GoneError and RestartedError.
        """
        with self._guarded():
            self._is_ready = False
            self._send(code)
            limit_s = SILENCE_S if timeout_s is None else timeout_s
            out = self._read_part(limit_s, on_line)
            error = self._read_part(limit_s, None)
            self._is_ready = True
        if error:
            raise _remote_error(error.decode(errors="replace"))
        return out.decode(errors="replace").replace("\r\n", "\n")

    def _send_reset(self) -> None:
        # Sent separately: the Ctrl-C that stops boot.py after the reset must not stop this.
        with contextlib.suppress(RemoteError, GoneError):
            self.exec(prompt.SAY_WHY, _WHY_TIMEOUT_S)
        self._is_ready = False
        self._send(_RESET)

    def _send(self, code: str) -> None:
        # mpremote prints any output of the board that it did not expect.
        self._line.give_up = time.monotonic() + SILENCE_S
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                self._transport.exec_raw_no_follow(code)
        finally:
            self._line.give_up = float("inf")

    def _read_part(self, timeout_s: float, on_line: Callable[[str], Any] | None) -> bytes:
        port, part = self._line, answer.Part(timeout_s, on_line)
        while not part.is_complete:
            # Never read beyond the end mark: what follows belongs to the next part.
            if port.in_waiting:
                part.add(port.read_until(answer.END, port.in_waiting))
            else:
                port.await_input(_PAUSE_S)
            self._watch_for_restart(part.tail)
            if part.is_late and not part.is_complete:
                port.write(b"\x03")
                raise GoneError(
                    f"the board at {self.port} has made no progress for {timeout_s:.0f} s; press "
                    "its reset button and run the command again"
                )
        return part.content

    def _watch_for_restart(self, tail: bytes) -> None:
        if not (_ROM_LINE.search(tail) or _BROWN_OUT in tail):
            return
        self._is_alive = False
        if _BROWN_OUT in tail:
            raise RestartedError(
                "the board's supply voltage dropped (brown-out) and the board restarted; use a "
                "supply of 1 A and a short, thick cable, and power the camera from 5 V",
                True,
            )
        raise RestartedError("the board restarted by itself; look at `megacam logs`", False)

    def _enter(self, first: bytes, tries: int) -> None:
        self._line.write(first)
        for _ in range(tries):
            with contextlib.suppress(TransportError), contextlib.redirect_stdout(io.StringIO()):
                self._transport.enter_raw_repl(soft_reset=False, timeout_overall=_ENTER_TIMEOUT_S)
                self._is_ready = True
                return
        raise NotMicroPythonError(
            f"the device at {self.port} does not answer as MicroPython; put it on the board with "
            "`megacam flash`, or press the board's reset button and try again"
        )

    def _interrupt_boot(self) -> None:
        port, seen = self._line, b""
        deadline = time.monotonic() + _BOOT_TIMEOUT_S
        while not seen.endswith(b">>> "):
            if time.monotonic() > deadline:
                raise NotMicroPythonError(
                    f"the board at {self.port} does not come back from a reset; unplug it, "
                    "plug it in again and try once more"
                )
            port.write(b"\x03")
            time.sleep(_PAUSE_S)
            seen = (seen + port.read(port.in_waiting))[-80:]

    def _check_version(self) -> None:
        found = self.exec("import sys\nprint(sys.implementation.name,*sys.implementation.version)")
        name, *numbers = found.split() or ["an unknown system"]
        name, self.version = answer.printable(name), answer.printable(".".join(numbers[:3]))
        if name != "micropython" or not _is_new_enough(numbers[:2]):
            wanted = ".".join(map(str, OLDEST))
            raise NotMicroPythonError(
                f"the board at {self.port} runs {name} {self.version} and megacam needs "
                f"MicroPython {wanted} or newer; put it on the board with `megacam flash`"
            )

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except (TransportError, OSError, struct.error) as error:
            self._is_alive = False
            self._watch_for_restart(self._last_words())
            raise GoneError(
                f"lost the board at {self.port}; check its cable and run the command again"
            ) from error

    def _last_words(self) -> bytes:
        """Return the end of the board's output, including what it prints of a reset just after."""
        with contextlib.suppress(OSError):
            time.sleep(_LAST_WORDS_S)
            self._line.read(self._line.in_waiting)
        return self._line.tail


def _is_new_enough(numbers: list[str]) -> bool:
    return all(map(str.isdecimal, numbers)) and tuple(map(int, numbers)) >= OLDEST


def _remote_error(traceback: str) -> DeviceError:
    """Return the error from the board's traceback: its last line that begins with a name."""
    lines = traceback.strip().splitlines()
    for i in range(len(lines) - 1, -1, -1):
        found = _ERROR_LINE.match("\n".join(lines[i:]))
        if found and not lines[i].startswith((" ", "Traceback")):
            return RemoteError(found[1].split(".")[-1], answer.printable(found[2] or "").strip())
    return GarbledError()


def console(port: str | None, wait_s: float = 1) -> Iterator[str | None]:
    """Yield the lines that the board prints, forever and without interrupting it.

    None means that there is no connection yet, or that it was lost; it is retried every `wait_s`.
    """
    while True:
        try:
            line_port = serial.serial_for_url(find(port), 115200, timeout=_PAUSE_S, exclusive=True)
        except (OSError, ValueError, NoBoardError):
            yield None
            time.sleep(wait_s)
            continue
        with line_port, contextlib.suppress(OSError):
            yield from _lines(line_port)
        yield None


def _lines(port: Any) -> Iterator[str]:
    held = b""
    while True:
        held += port.read(max(1, port.in_waiting))
        *lines, held = held.split(b"\n")
        for line in lines:
            yield line.decode(errors="replace").rstrip("\r")
