"""The camera model as a separate process, at the end of a simulated board's SPI bus.

    python -m megacam.sim.camera_process --fd N --model 3mp --scene --record DIR

The board writes requests to the socket `--fd`. Each is a 16-byte little-endian header (op, arg,
bus, n, t_us), followed by n bytes for W and X; R and X return n bytes. `t_us`, the board's time
since power-on, is the model's only clock.
"""

from __future__ import annotations

import argparse
import json
import socket
import struct
import sys
from datetime import datetime
from io import BufferedReader
from pathlib import Path

from megacam.sim.camera import CameraModel
from megacam.sim.camera_decoder import Decoder
from megacam.sim.camera_faults import FAULTS
from megacam.sim.camera_models import KINDS
from megacam.sim.frame_sources import FrameSource, synthetic_frames

_HEADER = struct.Struct("<BBHIQ")
_CHIP_SELECT, _WRITE, _READ, _EXCHANGE, _INIT, _TIME = b"CWRXST"
_MAX_TRANSFER_BYTES = 16 * 1024 * 1024  # twice the FIFO: more can only be a broken header


class WireError(Exception):
    """The board sent something that is not a request; the message shows it."""


class Recorder:
    """Records what the camera did in the files of a folder, for later comparison.

    frames.jsonl has a line for every capture, with the SHA-256 of its first photo, which is in
    `<number>.jpg`; reads.jsonl has how many bytes were read; violations.log the host's mistakes.
    """

    def __init__(self, folder: Path, model: CameraModel):
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._model = model
        self._number = 0
        self._violations = 0

    def update(self) -> None:
        """Record what is new since the last call."""
        frames = self._model.frames
        if frames and frames[-1].number != self._number:
            self._record_reads()
            self._record_frame()
        for text in self._model.violations[self._violations :]:
            self._append("violations.log", text)
        self._violations = len(self._model.violations)

    def close(self) -> None:
        """Record how far the last frame was read."""
        self.update()
        if self._number:
            self._append_reads(-1)

    def _record_reads(self) -> None:
        if self._number:
            self._append_reads(-2)

    def _append_reads(self, index: int) -> None:
        frame = self._model.frames[index]
        line = {"number": frame.number, "read_bytes": frame.read_bytes}
        self._append("reads.jsonl", json.dumps(line))

    def _record_frame(self) -> None:
        frame = self._model.frames[-1]
        self._number = frame.number
        fields = ("number", "time_us", "width", "height", "format", "quality", "sha256")
        line = {name: getattr(frame, name) for name in fields}
        line |= {"size": len(frame.photo), "fifo_bytes": len(frame.fifo)}
        suffix = ".jpg" if frame.format == "jpeg" else ".raw"
        (self._folder / f"{frame.number:06}{suffix}").write_bytes(frame.photo)
        self._append("frames.jsonl", json.dumps(line))

    def _append(self, name: str, line: str) -> None:
        with (self._folder / name).open("a") as f:
            f.write(line + "\n")


class Server:
    """Answers the board's requests on the connected socket `bus` until it closes."""

    def __init__(self, bus: socket.socket, model: CameraModel, recorder: Recorder | None = None):
        self._bus = bus
        self._model = model
        self._recorder = recorder
        self._board_us = 0  # the board's time in the last request
        self._power_on_us = model.clock.now_us  # the model's time when the board's was zero

    def run(self) -> None:
        """Serve until the end of the stream; raises WireError for anything but a request."""
        with self._bus.makefile("rb") as stream:
            while self._serve_one(stream):
                pass
        if self._recorder:
            self._recorder.close()

    def _serve_one(self, stream: BufferedReader) -> bool:
        header = stream.read(_HEADER.size)
        if len(header) < _HEADER.size:
            return False
        op, arg, _, size, board_us = _HEADER.unpack(header)
        self._set_time(board_us)
        if op == _CHIP_SELECT:
            self._model.chip_select(arg)
        elif op == _INIT:
            self._model.bus_settings(size, arg >> 1 & 1, arg & 1)
        elif op in (_WRITE, _READ, _EXCHANGE):
            return self._transfer(stream, op, arg, size)
        elif op != _TIME:
            raise WireError(f"request {op:#04x} is not one of C, W, R, X, S, T")
        return True

    def _set_time(self, board_us: int) -> None:
        if board_us < self._board_us:
            # The board restarted, and its time with it; the camera kept its power.
            self._power_on_us += self._board_us
        self._board_us = board_us
        self._model.clock.now_us = self._power_on_us + board_us

    def _transfer(self, stream: BufferedReader, op: int, arg: int, size: int) -> bool:
        if size > _MAX_TRANSFER_BYTES:
            raise WireError(f"a transfer of {size} bytes is more than the FIFO holds")
        mosi = bytes((arg,)) * size if op == _READ else stream.read(size)
        if len(mosi) < size:
            return False
        miso = self._model.exchange(mosi)
        if self._recorder:
            self._recorder.update()  # before the board gets its answer and looks there
        if op != _WRITE:
            self._bus.sendall(miso)
        return True


def main(argv: list[str] | None = None) -> int:
    """Run the camera until the board closes the socket."""
    options = _parser().parse_args(argv)
    try:
        model = CameraModel(options.model, options.fault, _source(options))
    except ValueError as e:
        print(f"camera process: {e}", file=sys.stderr)
        return 2
    for name in options.without:
        model.faults.discard(name)
    if options.trace:
        model.listeners.append(Decoder(model, lambda line: print(line, flush=True)))
    recorder = Recorder(options.record, model) if options.record else None
    with socket.socket(fileno=options.fd) as bus:
        try:
            Server(bus, model, recorder).run()
        except WireError as e:
            print(f"camera process: {e}", file=sys.stderr)
            return 1
    return 0


def _source(options: argparse.Namespace) -> FrameSource:
    if not (options.scene or options.visits or options.photos):
        return synthetic_frames
    from megacam.sim import frame_pictures

    if options.visits:
        return frame_pictures.visited_frames(options.begin)

    if not options.photos:
        return frame_pictures.scene_frames(options.begin)
    from megacam.sim.scene import PicturesError

    try:
        return frame_pictures.photo_frames(options.photos, options.begin)
    except PicturesError as e:
        raise ValueError(str(e)) from e


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="megacam.sim.camera_process", description=__doc__)
    parser.add_argument("--fd", type=int, required=True, help="connected socket to serve")
    parser.add_argument("--model", default="3mp", choices=list(KINDS))
    parser.add_argument(
        "--fault", action="append", default=[], metavar="NAME[:N]", help=", ".join(FAULTS)
    )
    parser.add_argument("--without", action="append", default=[], metavar="NAME")
    pictures = parser.add_mutually_exclusive_group()
    pictures.add_argument("--scene", action="store_true", help="draw a landscape")
    pictures.add_argument(
        "--visits", action="store_true", help="draw a still one, and visitors on a known plan"
    )
    pictures.add_argument("--photos", metavar="DIR", help="show the pictures in DIR")
    parser.add_argument(
        "--begin",
        type=datetime.fromisoformat,
        default=datetime.now(),
        help="moment of the scene at the board's power-on (ISO 8601)",
    )
    parser.add_argument("--record", type=Path, metavar="DIR", help="write down what was served")
    parser.add_argument("--trace", action="store_true", help="print the decoded traffic")
    return parser


if __name__ == "__main__":
    sys.exit(main())
