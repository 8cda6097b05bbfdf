"""The camera model behind a socket: the simulated board's byte protocol, and the recordings."""

import hashlib
import json
import os
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from megacam.sim import camera_process
from megacam.sim.camera import CameraModel
from megacam.sim.frame_sources import FixedFrames

PROCESS = [sys.executable, "-m", "megacam.sim.camera_process"]
TOOLS = Path(__file__).parents[2] / "tools"


class Board:
    """The board's end of the socket; it packs requests by hand."""

    def __init__(self, bus):
        self.bus = bus
        self.now_us = 0

    def send(self, op, arg=0, n=0, payload=b""):
        self.bus.sendall(struct.pack("<BBHIQ", ord(op), arg, 5, n, self.now_us) + payload)

    def receive(self, size):
        data = bytearray()
        while len(data) < size:
            piece = self.bus.recv(size - len(data))
            assert piece, "the camera hung up"
            data += piece
        return bytes(data)

    def cycle(self, *mosi):
        self.send("C", 0)
        self.send("X", 0, len(mosi), bytes(mosi))
        self.send("C", 1)
        return self.receive(len(mosi))

    def write(self, address, value):
        self.send("C", 0)
        self.send("W", 0, 2, bytes((address | 0x80, value)))
        self.send("C", 1)
        self.now_us += 20_000

    def burst(self, size):
        self.send("C", 0)
        self.send("W", 0, 1, b"\x3c")
        self.send("R", 0, size)
        self.send("C", 1)
        return self.receive(size)

    def shoot(self):
        self.write(0x04, 0x01)
        self.write(0x04, 0x02)
        self.now_us += 1_000_000
        assert self.cycle(0x44, 0, 0)[2] & 0x04
        length = sum(self.cycle(0x45 + i, 0, 0)[2] << 8 * i for i in range(3))
        return self.burst(length + 1)[1:]

    def reset(self):
        self.write(0x07, 0x40)
        self.now_us += 500_000


@pytest.fixture
def board_and_model(tmp_path):
    board_end, camera_end = socket.socketpair()
    model = CameraModel(frames=FixedFrames([1000, 2_000_000]))
    recorder = camera_process.Recorder(tmp_path / "served", model)
    server = camera_process.Server(camera_end, model, recorder)
    thread = threading.Thread(target=server.run)
    thread.start()
    with camera_end, board_end:
        yield Board(board_end), model
        board_end.shutdown(socket.SHUT_RDWR)
        thread.join(5)
    assert not thread.is_alive()


def test_requests_reach_the_camera(board_and_model):
    board, model = board_and_model
    assert board.cycle(0x40, 0, 0)[2] == 0x82
    board.reset()
    assert board.shoot() == model.frames[0].photo
    assert model.violations == []


def test_the_fill_byte_of_a_read_is_clocked_out(board_and_model):
    board, _ = board_and_model
    board.send("C", 0)
    board.send("R", 0x40, 3)
    board.send("C", 1)
    assert board.receive(3)[2] == 0x82  # MOSI was 40 40 40: a read of register 0x40


def test_time_comes_from_the_board_only(board_and_model):
    board, model = board_and_model
    board.now_us = 7_000_000
    board.send("T")
    board.cycle(0x40, 0, 0)
    assert model.clock.now_us == 7_000_000


def test_time_goes_on_when_the_board_restarts(board_and_model):
    board, model = board_and_model
    board.now_us = 7_000_000
    board.cycle(0x40, 0, 0)
    board.now_us = 1_000
    board.cycle(0x40, 0, 0)
    assert model.clock.now_us == 7_001_000


def test_the_speed_is_that_of_init(board_and_model):
    board, model = board_and_model
    board.send("S", 0, 12_000_000)
    board.write(0x00, 0x55)
    assert board.cycle(0x00, 0, 0)[2] == 0x55
    assert "12000000 Hz" in model.violations[0]


def test_a_frame_of_2_mb_is_whole(board_and_model):
    board, model = board_and_model
    board.reset()
    board.shoot()
    board.write(0x04, 0x01)
    board.write(0x04, 0x02)
    board.now_us += 1_000_000
    board.cycle(0x44, 0, 0)
    data = board.burst(4093)[1:]
    while len(data) < 2_000_000:
        data += board.burst(min(4092, 2_000_000 - len(data)))
    assert data == model.frames[1].photo


def test_captures_are_recorded_for_comparison(board_and_model, tmp_path):
    board, _ = board_and_model
    board.reset()
    photo = board.shoot()
    board.shoot()
    served = tmp_path / "served"
    lines = [json.loads(line) for line in (served / "frames.jsonl").read_text().splitlines()]
    assert [line["number"] for line in lines] == [1, 2]
    assert lines[0]["sha256"] == hashlib.sha256(photo).hexdigest()
    assert (lines[0]["size"], lines[0]["fifo_bytes"]) == (1000, 1000)
    assert (served / "000001.jpg").read_bytes() == photo


def test_reads_and_violations_are_recorded(tmp_path):
    model = CameraModel(frames=FixedFrames([1000]))
    recorder = camera_process.Recorder(tmp_path, model)
    board_end, camera_end = socket.socketpair()
    board = Board(board_end)
    thread = threading.Thread(target=camera_process.Server(camera_end, model, recorder).run)
    thread.start()
    board.reset()
    board.shoot()
    board.write(0x03, 0x00)
    board_end.close()
    thread.join(5)
    camera_end.close()
    assert json.loads((tmp_path / "reads.jsonl").read_text()) == {"number": 1, "read_bytes": 1000}
    assert "a register that does not exist" in (tmp_path / "violations.log").read_text()


def test_a_broken_request_ends_the_camera_with_a_sentence():
    board_end, camera_end = socket.socketpair()
    with board_end, camera_end:
        Board(board_end).send("?")
        with pytest.raises(camera_process.WireError, match="request 0x3f is not one of"):
            camera_process.Server(camera_end, CameraModel()).run()


def run_process(*args):
    board_end, camera_end = socket.socketpair()
    with camera_end:
        process = subprocess.Popen(
            [*PROCESS, "--fd", str(camera_end.fileno()), *args],
            env={**os.environ, "PYTHONPATH": str(TOOLS)},
            pass_fds=[camera_end.fileno()],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    return Board(board_end), process


def test_the_process_serves_the_model_and_ends_with_the_board(tmp_path):
    board, process = run_process("--model", "5mp", "--record", str(tmp_path), "--trace")
    board.reset()
    photo = board.shoot()
    assert (tmp_path / "000001.jpg").read_bytes() == photo
    board.bus.close()
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    assert "FIFO_CTRL <- 0x02  start capture" in output


def test_the_process_refuses_an_unknown_fault_in_one_sentence():
    board, process = run_process("--fault", "capture-stick")
    output, _ = process.communicate(timeout=120)
    board.bus.close()
    assert process.returncode == 2
    assert output.startswith("camera process: camera fault 'capture-stick' does not exist;")


def test_the_process_refuses_a_folder_without_pictures_in_one_sentence(tmp_path):
    board, process = run_process("--photos", str(tmp_path))
    output, _ = process.communicate(timeout=120)
    board.bus.close()
    assert process.returncode == 2
    assert output.startswith("camera process: photos: ")
    assert len(output.splitlines()) == 1
