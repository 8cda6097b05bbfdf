"""Reading the camera: this driver compared with two methods of other drivers."""

import functools
import hashlib
import json
import tempfile
from pathlib import Path

from megacam.board import tree
from megacam.sim.board import Board
from megacam.sim.frame_sources import jpeg_like

from bench import running
from bench.report import Chapter, Table

WAYS = ("ours", "255 and grow", "by register")
#: The sizes of the camera model's photos at quality "high".
PHOTOS = {"320x240": 8_280, "1600x1200": 192_600, "2592x1944": 504_484}
# Counting the largest photo byte by byte would take minutes.
_FEW = (8_280, 192_600)
_ON_BUS = ["photo", "way", "same photo", "SPI transactions", "CS cycles", "bytes on SPI"]
_INSIDE = ["photo", "way", "instructions", "heap"]

_TEXT = """\
The same photos are read from the FIFO in three ways: with this driver, and in the two ways that
other published drivers use. Those two are **reimplementations made for this comparison**. They
check nothing and retry nothing, and they start to read when the capture is complete. *by register*
uses one register transaction (0x3D, dummy, byte) for every byte. *255 and grow* reads bursts of
255 bytes into a buffer that grows to the size of the photo. The figures of this driver include its
checks: does the camera still have power, is the length stable, does the frame start like a JPEG.
Its instructions and heap also include the module that ends a capture, which is loaded for this and
dropped before the bytes flow."""
_MEANING = """\
On an ESP32, a CS cycle or a transaction costs tens of microseconds whatever its length, so long
transactions make the bus fast. Instructions are those of the interpreter, with a bus that costs
one system call per transaction. Heap is the smallest heap that is enough to read the photo, to a
KB, minus the smallest heap that is enough for any of the three ways to read a photo of 600 bytes.
A plain ESP32 has 56,000 bytes for everything."""


def on_the_wire(way: str, resolution: str) -> dict:
    """Return the cost of a read: size, cycles, transactions, bytes, and whether it is `same`."""
    code = f"import reading; reading.count({way!r}, {resolution!r})"
    with tempfile.TemporaryDirectory(prefix="megacam-bench-") as folder:
        camera = ["--model", "5mp", "--record", folder]
        board = Path(folder) / "board"
        with Board(
            board, tree.placed(running.board_files()), camera=camera, heap="2M", fast=True
        ) as running_on:
            told = json.loads(running_on.exec(code, timeout_s=120))
        frames = (Path(folder) / "frames.jsonl").read_text().splitlines()
        fifo = Path(folder) / f"{json.loads(frames[-1])['number']:06}.jpg"
        told["same"] = hashlib.sha256(fifo.read_bytes()).hexdigest() == told["sha256"]
    return told


@functools.cache
def photo_file(size: int) -> str:
    """Return the path of a file of `size` bytes with the structure of a 640x480 JPEG."""
    path = running.folder() / f"{size}.jpg"
    path.write_bytes(jpeg_like(size, 640, 480, seed=size))
    return str(path)


def _job(ways, sizes) -> dict:
    return {"ways": list(ways), "photos": [[photo_file(size), size] for size in sizes]}


def instructions(sizes) -> dict[str, int]:
    """Return {"way size": instructions} for reading photos of `sizes` bytes in all ways."""
    return running.execute("reading", _job(WAYS, sizes), counted=True).instructions


def heap(way: str, size: int) -> int:
    """Return the bytes of heap that a photo needs more than the smallest photo, to the KB."""
    return running.smallest_heap("reading", _job([way], [size]))


def chapter() -> Chapter:
    counted = instructions(_FEW) if running.can_count() else {}
    base = min(heap(way, 600) for way in WAYS)
    on_bus, inside = [], []
    for resolution, size in PHOTOS.items():
        for way in WAYS:
            told = on_the_wire(way, resolution)
            assert told["size"] == size
            numbers = [told[name] for name in ("transactions", "cycles", "bytes")]
            on_bus.append([resolution, way, "yes" if told["same"] else "NO", *numbers])
            if size in _FEW:
                count = counted.get(f"{way} {size}")
                inside.append([resolution, way, count, heap(way, size) - base])
    return Chapter(
        "Reading the camera",
        [_TEXT, Table(_ON_BUS, on_bus), _MEANING, Table(_INSIDE, inside)],
    )
