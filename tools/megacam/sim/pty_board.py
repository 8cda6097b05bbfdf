"""A simulated ESP32 on a pseudo-terminal, for mpremote and all other programs for serial ports.

    with PtyBoard(folder, files) as board:
        board.plug_in()
        subprocess.run(["mpremote", "connect", board.port, "ls"])

It behaves like a board on USB: prompt, raw REPL and raw paste, Ctrl-C, soft and hard reset.
Linux and macOS only, because Windows has no named pseudo-terminals.
"""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from megacam.sim.board import Board, BoardError
from megacam.sim.prompt import MARK, Prompt
from megacam.sim.spi_relay import Relay

_SOFT_REBOOT = b"MPY: soft reboot\r\n"
# What the ESP32's boot ROM prints, with its own number for the cause, at 115200 baud.
_ROM = "ets Jul 29 2019 12:21:46\r\n\r\nrst:{} ,boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n"
_SOFT_RESET = 5
_ROM_CAUSES = {1: "0x1 (POWERON_RESET)", 3: "0x8 (TG1WDT_SYS_RESET)", 4: "0x5 (DEEPSLEEP_RESET)"}
_ROM_SOFTWARE = "0xc (SW_CPU_RESET)"
_BROWN_OUT = b"\r\nBrownout detector was triggered\r\n\r\n"
_CHUNK_BYTES = 4096
_POLL_S = 0.05
_SHORT_POLL_S = 0.005
# Bytes that no one reads are lost, as on a UART, and the firmware does not wait. But on a busy
# machine, a program that reads may get no time to do so for seconds; a UART's driver would have.
_PATIENCE_S = 10
# The interpreter discards its input when a Ctrl-C ends a program; a UART would not.
_AFTER_INTERRUPT_S = 0.1
# A Ctrl-C that hits the interpreter while it interns a name (qstr.c of the unix port) leaves a
# lock held forever: it then answers at the prompt, but compiles nothing any more. So it is held
# back until the interpreter sleeps, or has computed for so long that it must be in a loop. (On a
# busy machine, time alone says nothing.)
_AWAKE_S = 0.7
_CTRL_C = b"\x03"


class PtyBoard(Board):
    """A board on a serial port; takes the same arguments as Board.

    While it is plugged in, `port` is a symbolic link to the pseudo-terminal, which gets a new name
    each time. `console` is everything that the board has sent. Bytes that nobody reads for
    `patience_s` seconds are lost, and so are all that follow until somebody reads again.
    """

    def __init__(self, folder: Path, files: dict[str, bytes] | None, **options: Any):
        super().__init__(folder, files, **options)
        self._link = folder / "tty"
        self._outer: int | None = None
        self._slave = self._inner = -1
        self._bridge: threading.Thread | None = None
        self._writes_left = 0
        self._relay: Relay | None = None
        self._typed, self._hold_until, self._stop_asked = b"", 0.0, False
        self._awake_until = 0.0
        self._is_read = True
        self.patience_s: float = _PATIENCE_S
        self.console = bytearray()

    @property
    def port(self) -> str:
        """Return the name of the serial port."""
        return str(self._link)

    def plug_in(self, cut_after_writes: int = 0) -> None:
        """Give the board power and a port; boot.py and main.py run.

        The power fails just before write number `cut_after_writes` to its flash; 0 means never.
        """
        import pty
        import tty

        if self._bridge:
            raise BoardError("the board is plugged in already; pull it first")
        # Keep our copy of the client's end open, or the last client that closes it ends the line.
        self._outer, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self._link.unlink(missing_ok=True)
        self._link.symlink_to(os.ttyname(self._slave))
        self._writes_left = cut_after_writes
        self._stopping.clear()
        self.world.on_power_cut = self.cut_power
        self._bridge = threading.Thread(target=self._serve, args=(self._outer,), daemon=True)
        self._bridge.start()

    def pull(self) -> None:
        """Pull the cable: no power, no port."""
        self.cut_power()
        if self._bridge:
            self._bridge.join()
        self._bridge = None

    def cut_power(self) -> None:
        """Cut the power immediately; the bridge then removes the port."""
        self._stopping.set()
        self._kill_process()

    def brown_out(self) -> None:
        """Let the supply voltage drop: the ESP32's brown-out detector resets it."""
        self._emit(_BROWN_OUT)
        self._kill_process()

    def press_reset(self) -> None:
        """Press the board's reset button."""
        self._kill_process()

    def wait_until_unplugged(self, timeout_s: float) -> bool:
        """Wait for a power cut to end the board; return whether it did."""
        if self._bridge:
            self._bridge.join(timeout_s)
        return not (self._bridge and self._bridge.is_alive())

    def stop(self) -> None:
        """Pull the cable."""
        self.pull()

    def _serve(self, outer: int) -> None:
        os.set_blocking(outer, False)
        self.world.power_on()
        self._boot_rom()
        raw = False
        while not self._stopping.is_set():
            prompt = Prompt(raw)
            code = self._live(prompt)
            if self._stopping.is_set():
                break
            raw = self._restart(code, prompt)
        # Before closing the pseudo-terminal, because another program's may then get its number.
        self._link.unlink(missing_ok=True)
        os.close(outer)
        os.close(self._slave)
        self._outer = None

    def _restart(self, code: int, prompt: Prompt) -> bool:
        # A soft reset keeps the peripherals and the kind of prompt, any other reset neither.
        cause = self.world.reset_cause(code)
        if code == 0 or cause == _SOFT_RESET:
            self._emit(_SOFT_REBOOT)
            self.world.cause = _SOFT_RESET
            return prompt.raw
        self.world.reset()
        self.world.cause = cause or 1
        self._boot_rom()
        return False

    def _boot_rom(self) -> None:
        self._emit(_ROM.format(_ROM_CAUSES.get(self.world.cause, _ROM_SOFTWARE)).encode())

    def _live(self, prompt: Prompt) -> int:
        """Run the interpreter from one reset to the next; return its exit code."""
        self._inner, slave = _open_inner()
        environment = {
            "MEGACAM_START": "raw" if prompt.raw else "repl",
            "MEGACAM_PROMPT": MARK.decode(),
            "MICROPYINSPECT": "1",
            "MEGACAM_WRITES_LEFT": str(self._writes_left),
        }
        try:
            process = self._spawn(environment, terminal=slave)
            self._process = process
            os.close(slave)
            if not self._stopping.is_set():
                self._pump(prompt)
            process.kill()
            return process.wait()
        finally:
            os.close(self._inner)

    def _camera_bus(self) -> socket.socket:
        self._relay = self._relay or Relay(self._bus)
        return self._relay.connect()

    def _pump(self, prompt: Prompt) -> None:
        assert self._outer is not None
        self._typed, self._hold_until, self._stop_asked = b"", 0.0, False
        self._awake_until = 0.0
        while not self._stopping.is_set():
            # A Ctrl-C or input that is held back goes on as soon as it may.
            pause_s = _SHORT_POLL_S if self._stop_asked or self._typed else _POLL_S
            ready, _, _ = select.select([self._outer, self._inner], [], [], pause_s)
            if self._outer in ready:
                self._take(_read(self._outer))
            if self._inner in ready:
                data = _read(self._inner)
                if not data:
                    return
                shown, answer = prompt.feed(data)
                self._emit(shown)
                _write(self._inner, answer)
            self._hand_on(prompt)

    def _take(self, data: bytes) -> None:
        # A Ctrl-C overtakes all other input, which waits until it can be read. A second one right
        # after it would kill the interpreter.
        _, interrupt, after = data.rpartition(_CTRL_C)
        if not interrupt:
            self._typed += data
            return
        self._stop_asked = self._stop_asked or time.monotonic() >= self._hold_until
        self._typed = after

    def _hand_on(self, prompt: Prompt) -> None:
        if self._stop_asked and prompt.runs and self._interrupt():
            self._stop_asked, self._awake_until = False, 0.0
            self._hold_until = time.monotonic() + _AFTER_INTERRUPT_S
        is_free = not self._stop_asked and time.monotonic() >= self._hold_until
        if self._typed and prompt.is_ready and is_free:
            self._typed = self._typed[_write(self._inner, self._typed) :]

    def _interrupt(self) -> bool:
        """Pass a Ctrl-C on; return False if it is not safe right now."""
        # A running program catches SIGINT; the prompt and a program that turned Ctrl-C off
        # (micropython.kbd_intr) read the byte.
        assert self._process
        catches, sleeps, computed_s = _signal_state(self._process.pid)
        self._awake_until = self._awake_until or computed_s + _AWAKE_S
        if not catches:
            _write(self._inner, _CTRL_C)
        elif sleeps or computed_s >= self._awake_until:
            self._process.send_signal(signal.SIGINT)
        else:
            return False
        return True

    def _emit(self, data: bytes) -> None:
        self.console += data
        give_up = time.monotonic() + self.patience_s
        while data and self._outer is not None and not self._stopping.is_set():
            _, ready, _ = select.select([], [self._outer], [], _POLL_S if self._is_read else 0)
            sent = _write(self._outer, data) if ready else 0
            data = data[sent:]
            if sent:
                self._is_read, give_up = True, time.monotonic() + self.patience_s
            elif not self._is_read or time.monotonic() >= give_up:
                self._is_read = False
                break


def _open_inner() -> tuple[int, int]:
    """Return (our end, the interpreter's end) of a pseudo-terminal in raw mode."""
    import pty
    import tty

    master, slave = pty.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    return master, slave


def _signal_state(pid: int) -> tuple[bool, bool, float]:
    """Return whether a process catches SIGINT, whether it sleeps, and how long it has computed.

    One that has just ended does not catch it any more.
    """
    if sys.platform == "linux":
        try:
            status = Path(f"/proc/{pid}/status").read_text()
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return False, True, 0.0
        named = dict(line.split(":", 1) for line in status.splitlines())
        mask, state = named["SigCgt"].strip(), named["State"].strip()
        ticks = stat.rpartition(")")[2].split()[11:13]
        computed_s = sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
    else:
        argv = ["ps", "-o", "caught=,state=,time=", "-p", str(pid)]
        found = subprocess.run(argv, capture_output=True, text=True).stdout.split()
        if not found:
            return False, True, 0.0
        mask, state, spent = found
        minutes, _, seconds = spent.rpartition(":")
        computed_s = 60 * int(minutes.rpartition(":")[2]) + float(seconds)
    is_caught = bool(int(mask, 16) >> (signal.SIGINT - 1) & 1)
    return is_caught, state[0] in "SI", computed_s


def _read(end: int) -> bytes:
    with contextlib.suppress(OSError):  # EIO: the other end is closed
        return os.read(end, _CHUNK_BYTES)
    return b""


def _write(end: int, data: bytes) -> int:
    with contextlib.suppress(OSError):  # EAGAIN: full
        return os.write(end, data)
    return 0
