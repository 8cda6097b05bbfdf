"""One start of the board: its questions and the world's answers, until it ends.

A question is a header of 16 bytes (operation, argument, number, size, the board's microseconds
since this start) and `size` bytes; an answer is a header of 24 bytes (value, size, the board's
time, when it has to ask again) and `size` bytes. Value -1 means "not now", -2 an exception of the
port, as JSON: [name, arguments].
"""

import contextlib
import json
import os
import socket
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from megacam.sim.peripherals import PortError

from swarm.engine import SECOND

if TYPE_CHECKING:
    from swarm.world import World

_QUESTION = struct.Struct("<BBHIQ")
_ANSWER = struct.Struct("<iIQQ")
_HUNG_S = 30  # of computing without a question: no firmware takes as long
_PATIENCE_S = 5
_PPM = 1_000_000
_LONGEST_US = 3600 * SECOND
_NOT_NOW, _RAISED = -1, -2
_SPI = ord("S")


class HungError(Exception):
    """The interpreter computes for ever, without a look at the clock."""


class Link:
    """The world's end of one start; the board's crystal is `ppm` parts per million fast."""

    def __init__(self, world: "World", pipe: socket.socket, console: int, ppm: int):
        self._world, self._engine = world, world.engine
        self._pipe, self._console_fd = pipe, console
        self._ppm = ppm
        self._base_us = world.engine.now_us
        self._line = b""
        self.board_us = self._asked_us = 0
        self.ended = ""
        pipe.settimeout(_PATIENCE_S)
        self._handlers: dict[int, Callable[[int, int, bytes], tuple[int, bytes]]] = {
            ord("S"): self._spi,
            ord("Z"): lambda arg, n, data: (0, b""),
            ord("E"): self._end,
            ord("F"): lambda arg, n, data: self.end("power cut") or (0, b""),
            ord("J"): self._tell,
            ord("H"): lambda arg, n, data: world.note_heap(int(data)) or (0, b""),
            ord("M"): self._memory,
            ord("B"): self._blob,
            ord("R"): lambda arg, n, data: (int(world.chip.radio.isconnected()), b""),
            ord("U"): lambda arg, n, data: (n, world.entropy.randbytes(n)),
            **world.network.handlers(),
        }

    def end(self, why: str) -> None:
        """End this start before the current question is answered."""
        self.ended = self.ended or why

    def to_truth(self, board_us: int) -> int:
        """Return the true time of a time since this start by the board's crystal."""
        return self._base_us + board_us - board_us * self._ppm // _PPM

    def _to_board(self, truth_us: int) -> int:
        return (truth_us - self._base_us) * _PPM // (_PPM - self._ppm) + 1

    def live(self) -> str:
        """Serve the board until it ends; return why it did."""
        world = self._world
        while not self.ended:
            head = self._take(_QUESTION.size)
            if len(head) < _QUESTION.size:
                self.ended = "exit"
                break
            op, arg, n, size, board_us = _QUESTION.unpack(head)
            data = self._take(size) if size else b""
            self._read_console()
            self._asked_us = board_us
            if op != _SPI:  # each transfer on the bus has its own time
                self.hear(board_us)
            world.asked(op)
            if self.ended:
                break
            value, payload = self._answer(op, arg, n, data)
            self.board_us = max(self.board_us, self._to_board(self._engine.now_us))
            if not self.ended:
                self._send(value, payload)
        self._world.board.kill()
        self._pipe.close()
        self._read_console()
        os.close(self._console_fd)
        return self.ended

    def hear(self, board_us: int) -> None:
        """Let everything happen until the board's time."""
        if board_us > self.board_us:
            self.board_us = board_us
            self._engine.run_until(self.to_truth(board_us))
        self._world.chip.radio.now_us = self._engine.now_us

    def _answer(self, op: int, arg: int, n: int, data: bytes) -> tuple[int, bytes]:
        try:
            return self._handlers[op](arg, n, data)
        except PortError as e:
            return _RAISED, json.dumps([e.kind.__name__, e.args]).encode()

    def _send(self, value: int, payload: bytes) -> None:
        horizon_us = min(self._engine.next_hard_us(), self._engine.now_us + _LONGEST_US)
        horizon_us = max(self._to_board(horizon_us), self.board_us + 1)
        head = _ANSWER.pack(value, len(payload), self.board_us, horizon_us)
        with contextlib.suppress(BrokenPipeError):
            self._pipe.sendall(head + payload)

    def _take(self, size: int) -> bytes:
        data, began_s = b"", -1.0
        while len(data) < size:
            try:
                more = self._pipe.recv(size - len(data))
            except ConnectionResetError:
                break
            except TimeoutError:
                # On a busy machine, the interpreter may not have had its turn.
                computed_s = self._world.board.computed_s()
                began_s = computed_s if began_s < 0 else began_s
                if computed_s - began_s > _HUNG_S:
                    raise HungError(f"the board computes {_HUNG_S} s without a question") from None
                continue
            if not more:
                break
            data += more
        return data

    def _read_console(self) -> None:
        while True:
            try:
                data = os.read(self._console_fd, 65536)
            except BlockingIOError:
                return
            if not data:
                return
            *lines, self._line = (self._line + data).split(b"\n")
            for line in lines:
                self._world.heard(line.decode(errors="replace"))

    # The answers

    def _spi(self, arg: int, n: int, data: bytes) -> tuple[int, bytes]:
        model, at, miso = self._world.camera.model, 0, b""
        while at < len(data):
            op, level, _, size, board_us = _QUESTION.unpack_from(data, at)
            at += _QUESTION.size
            self.hear(board_us)
            if self.ended:
                break
            if op == 67:
                model.chip_select(level)
            elif op == 83:
                model.bus_settings(size, level >> 1 & 1, level & 1)
            elif op == 82:
                miso = model.exchange(bytes((level,)) * size)
            else:
                miso = model.exchange(data[at : at + size])
                at += size
        self._world.camera.look()
        if not self.ended:
            self.hear(self._asked_us)
        return len(miso), miso

    def _end(self, code: int, n: int, data: bytes) -> tuple[int, bytes]:
        self.end(self._world.chip.ended(code, struct.unpack("<Q", data)[0]))
        return 0, b""

    def _tell(self, arg: int, n: int, data: bytes) -> tuple[int, bytes]:
        name, args = json.loads(data)
        answer: Any = self._world.chip.answer(name, args)
        return 0, json.dumps(answer).encode()

    def _memory(self, is_write: int, n: int, data: bytes) -> tuple[int, bytes]:
        chip = self._world.chip
        if is_write:
            chip.rtc_memory = data
        return 0, b"" if is_write else chip.rtc_memory

    def _blob(self, arg: int, n: int, data: bytes) -> tuple[int, bytes]:
        blob = self._world.chip.get_blob(*json.loads(data))
        return len(blob), blob
