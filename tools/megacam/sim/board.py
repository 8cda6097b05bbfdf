"""A simulated ESP32: flash, NVS and camera in a folder, the firmware on a real MicroPython.

    with Board(folder, files, camera=["--scene"]) as board:
        board.exec("from firmware import credentials; ...")     # as mpremote exec would
        board.start(print)                                      # boot.py, main.py, line by line

The camera model is a separate process at the other end of the SPI bus. It starts with the first
byte on the bus and survives resets.
"""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from megacam.errors import MegacamError
from megacam.sim import flash, interpreter, rom
from megacam.sim.card import Card
from megacam.sim.world import World

_STOP_TIMEOUT_S = 3
# What boot.py and the firmware do when you connect with mpremote.
_AT_PROMPT = """
import os, sys
for _slot in "ba":
    if _slot in os.listdir("/"):
        sys.path[:0] = ("/" + _slot, "/" + _slot + "/lib")
try:
    import overlay
    import overlay_names

    overlay_names.install()
except (ImportError, OSError):
    pass
"""


class BoardError(MegacamError):
    """The simulated board cannot do what was asked; the message says why."""


class Board:
    """One simulated board for the length of a `with` block; all its state is in `folder`.

    `files` is {path on the board: content}, the initial content of its flash, or None to keep the
    existing image; tree.placed() makes it of a build. `networks` are the Wi-Fi networks around it:
    [{"ssid", "password", "rssi"}, ...]. `card_bytes` is the size of the SD card in its slot,
    `card`; a new card is all zeros, 0
    means no card. `camera` are arguments of the camera process. `fast` makes sleeps take no time.
    `without` names stand-ins of the port that this board lacks, for example "hmac".
    """

    def __init__(
        self,
        folder: Path,
        files: dict[str, bytes] | None,
        *,
        networks: Sequence[dict[str, Any]] = (),
        camera: Sequence[str] = (),
        card_bytes: int = 0,
        heap: str = interpreter.HEAP,
        fast: bool = False,
        without: Sequence[str] = (),
    ):
        self.folder = folder
        self.image = folder / "flash.img"
        self._files = files
        self._networks = list(networks)
        self._camera_args = list(camera)
        self.card_bytes = card_bytes
        self.heap = heap
        self._fast = fast
        self._without = without
        self._cleanup = contextlib.ExitStack()
        self._process: interpreter.Process | None = None
        self._camera: subprocess.Popen[Any] | None = None
        self._runner: threading.Thread | None = None
        self._stopping = threading.Event()

    def __enter__(self) -> "Board":
        interpreter.check()
        with contextlib.ExitStack() as started:
            self.folder.mkdir(parents=True, exist_ok=True)
            if self._files is not None:
                flash.write_image(self.image, self._files)
            self.card = Card(self.folder, self.card_bytes)
            self.world = World(self.folder, self._networks, self.card)
            self.world.on_bite = self._kill_process
            self._rom = self._write_rom(started)
            self._bus = self._start_camera(started)
            self._cleanup = started.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()
        self._cleanup.close()

    def exec(self, code: str, timeout_s: float = 30) -> str:
        """Run `code` on the board instead of boot.py and main.py; return what it printed.

        The code is passed on standard input, so it may hold secrets. Raises BoardError.
        """
        self.world.reset()
        process = self._spawn({"MEGACAM_START": "exec"}, text=_AT_PROMPT + code)
        try:
            out = process.read(timeout_s)
        except TimeoutError:
            raise BoardError(f"the code did not end within {timeout_s} s") from None
        if process.wait():
            raise BoardError(f"the code failed on the board:\n{out}")
        return out

    def start(self, on_line: Callable[[str], None]) -> None:
        """Power the board on; `on_line` gets each line of its console, in a separate thread.

        A reset restarts it, as on a real board; it ends when main.py ends.
        """
        self._stopping.clear()
        self._runner = threading.Thread(target=self._run, args=(on_line,), daemon=True)
        self._runner.start()

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait for main.py to end; return whether it did."""
        if self._runner:
            self._runner.join(timeout_s)
            return not self._runner.is_alive()
        return True

    def stop(self) -> None:
        """Pull the plug: the program ends immediately, as in a power cut."""
        self._stopping.set()
        self._kill_process()
        self.join(_STOP_TIMEOUT_S)

    def _kill_process(self) -> None:
        if self._process:
            self._process.kill()

    def _run(self, on_line: Callable[[str], None]) -> None:
        self.world.power_on()
        while not self._stopping.is_set():
            process = self._spawn()
            self._process = process
            assert process.stdout
            for line in process.stdout:
                on_line(line.rstrip("\n"))
            code = process.wait()
            cause = self.world.reset_cause(code)
            if not cause:
                return
            self.world.reset()
            self.world.cause = cause

    def _spawn(
        self,
        environment: Mapping[str, str] | None = None,
        text: str = "",
        terminal: int | None = None,
    ) -> interpreter.Process:
        """Start the interpreter; `text` and `terminal` are those of interpreter.start()."""
        own_end, world_end = socket.socketpair()
        self.world.serve(own_end)
        with world_end, self._camera_bus() as bus:
            return interpreter.start(
                *("-c", rom.START),
                heap=self.heap,
                environment={**self._environment(), **(environment or {})},
                descriptors={"MEGACAM_WORLD_FD": world_end, "MEGACAM_CAMERA_FD": bus},
                text=text,
                terminal=terminal,
            )

    def _camera_bus(self) -> socket.socket:
        """Return the board's end of the SPI bus for one run of the interpreter."""
        return self._bus.dup()

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", ""),
            "MICROPYPATH": ".frozen",
            "MEGACAM_ROM": str(self._rom),
            "MEGACAM_INSTALLED": str(self._rom.parent),
            "MEGACAM_FLASH": str(self.image),
            "MEGACAM_RTC_US": str(self.world.rtc_us),
            **(self.card.environment() if self.card_bytes else {}),
            **({"MEGACAM_FAST": "1"} if self._fast else {}),
        }

    def _write_rom(self, started: contextlib.ExitStack) -> Path:
        folder = tempfile.TemporaryDirectory(prefix="megacam-rom-")
        return rom.write(Path(started.enter_context(folder)), self._without)

    def _start_camera(self, started: contextlib.ExitStack) -> socket.socket:
        board_end, camera_end = socket.socketpair()
        begin = ["--begin", datetime.now().isoformat()]
        runner = threading.Thread(target=self._run_camera, args=(camera_end, begin), daemon=True)
        started.callback(self._stop_camera, board_end, runner)
        runner.start()
        return board_end

    def _run_camera(self, bus: socket.socket, begin: list[str]) -> None:
        """Run the camera process from the first byte on; most boards of the tests send none."""
        with bus, (self.folder / "camera.log").open("wb") as log:
            if not bus.recv(1, socket.MSG_PEEK):
                return
            argv = [sys.executable, "-m", "megacam.sim.camera_process", "--fd", str(bus.fileno())]
            self._camera = subprocess.Popen(
                [*argv, *begin, *self._camera_args],
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[bus.fileno()],
                start_new_session=True,
            )

    def _stop_camera(self, bus: socket.socket, runner: threading.Thread) -> None:
        with contextlib.suppress(OSError):  # the camera may have ended
            bus.shutdown(socket.SHUT_RDWR)  # one that starts at this moment ends by itself
        runner.join()
        if self._camera:
            _kill(self._camera)
        bus.close()


def _kill(process: subprocess.Popen[Any]) -> None:
    process.kill()
    process.wait(_STOP_TIMEOUT_S)
