"""The driver as on a board: compiled, on MicroPython, on the SPI bus of the camera model."""

import json

import pytest
from megacam.board import tree
from megacam.sim.board import Board
from megacam.sim.camera_models import KINDS

FAULTS = ("capture-stuck:1", "constant-frame:1", "second-write-dropped", "slow-capture:1")

# Prints a line "photo" with size and SHA-256 for each frame, and then which modules stay loaded.
PROGRAM = """
import builtins
import hashlib
import sys
from binascii import hexlify
from machine import Pin, SPI
from arducam_mega import ArducamMega

def read(frame):
    digest = hashlib.sha256()
    frame.prepare(buf)
    while True:
        count = frame.readinto(buf)
        if not count:
            break
        digest.update(memoryview(buf)[:count])
    print("photo", frame.size, hexlify(digest.digest()).decode())

buf = bytearray(4092)
spi = SPI(2, baudrate=8_000_000, sck=Pin(18), mosi=Pin(23), miso=Pin(19))
camera = ArducamMega(spi, Pin(5, Pin.OUT, value=1), settle_ms=0, discard=2)
camera.configure(resolution="320x240", quality="low", ev=-2)
read(camera.capture())
camera.configure(format="rgb565", resolution="128x128")
camera.sleep()
read(camera.capture())
read(camera.burst(2))
from arducam_mega import sensor
print(sensor.self_test(camera)["pattern_bytes"])
print(camera.capture().save("/photo.raw"))
loads = []
load = overlay
builtins.overlay = lambda at: (loads.append(at), load(at))[1]
camera.start()
polls = 1
while not camera.ready():
    polls += 1
builtins.overlay = load
read(camera.finish())
print(polls > len(loads))
print(sorted(name for name in sys.modules if "arducam" in name))
"""


@pytest.mark.parametrize("word", KINDS)
def test_every_model_gives_its_photos_byte_for_byte(word, tmp_path):
    record = tmp_path / "record"
    camera = ["--model", word, "--record", str(record)]
    for fault in FAULTS:
        camera += ["--fault", fault]
    files = tree.build({"program": "__import__('overlay')\n" + PROGRAM})
    with Board(tmp_path, files, camera=camera, fast=True, heap="80K") as board:
        lines = board.exec("import program").splitlines()
    photos = [line.split()[1:] for line in lines if line.startswith("photo")]
    taken = [json.loads(line) for line in (record / "frames.jsonl").read_text().splitlines()]
    assert [int(size) for size, _ in photos] == [600 + 320 * 240 // 40, 32_768, 65_536, 32_768]
    recorded = [frame["sha256"] for frame in taken]
    for _, digest in (photos[0], photos[1], photos[3]):
        recorded = recorded[recorded.index(digest) + 1 :]
    assert lines[-4:-3] == ["32768"]
    assert lines[-2] == "True"  # it is not loaded for each check
    assert lines[-1] == "['arducam_mega']"
    violations = record / "violations.log"
    assert not violations.exists(), violations.read_text()
