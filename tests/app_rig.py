"""Run tests/device/scripted_app.py on a simulated board and parse what it prints."""

import hashlib
import json
import threading
from pathlib import Path

from megacam import settings
from megacam.board import tree as device_tree
from megacam.sim import flash
from megacam.sim.board import Board

HEAP = "400K"  # has room for the script's source and the compiler beside the application
BARN = {"ssid": "Barn", "password": "hay hay hay", "rssi": -61}
DEVICE = "cam1"
NOON = 1_795_521_600
_SCRIPT = (Path(__file__).parent / "device" / "scripted_app.py").read_bytes()
# A build.py that delegates to a file on the flash, so that each test can have its own.
_BUILD = """
def build(is_safe=False):
    import scripted_build

    return scripted_build.build(is_safe)
"""
_FIRMWARE: dict[str, dict[str, bytes]] = {}
_IMAGES: dict[str, bytes] = {}


def files(config=None, build=None, extra=None):
    """Return the flash of a board with the firmware, the script and the settings `config`.

    `build` is the body of a build() function that replaces the firmware's: it can use all names
    of the script and `is_safe`, and returns an App. `extra` has more files.
    """
    if not _FIRMWARE:
        _FIRMWARE[""] = device_tree.build(at_prompt=True)
        _FIRMWARE["build"] = device_tree.build({"firmware.start.build": _BUILD}, at_prompt=True)
    raw = {"device": DEVICE, "s3": {"bucket": "photos"}, **(config or {})}
    checked, _ = settings.check(raw)
    tree = {
        **_FIRMWARE["build" if build else ""],
        "lib/scripted_app.py": _SCRIPT,
        "config.json": checked,
    }
    if build:
        body = "".join(f"    {line}\n" for line in build.strip().splitlines())
        names = "import overlay_names\noverlay_names.install()\n"
        head = f"{names}from scripted_app import *\n\n\ndef build(is_safe=False):\n"
        tree["lib/scripted_build.py"] = (head + body).encode()
    return {**tree, **(extra or {})}


def board(folder, config=None, build=None, extra=None, **options):
    """Return a fast Board with the flash that files() returns, and one Wi-Fi network."""
    options = {"networks": [BARN], "heap": HEAP, "fast": True, **options}
    name = repr((config, build, extra))
    image = folder / "flash.img"
    if name not in _IMAGES:
        flash.write_image(image, device_tree.placed(files(config, build, extra)))
        _IMAGES[name] = image.read_bytes()
    image.write_bytes(_IMAGES[name])
    return Board(folder, None, **options)


class Told:
    """The output of a run: `events` in order, and the `lines` of the log."""

    def __init__(self, printed):
        found = printed.splitlines()
        self.events = [json.loads(line[1:]) for line in found if line.startswith("@")]
        self.lines = [line for line in found if not line.startswith("@")]

    def all(self, what):
        return [event for event in self.events if event["what"] == what]

    @property
    def end(self):
        return self.all("end")[-1]

    def said(self, beginning):
        return [line for line in self.lines if line.startswith(beginning)]


def run(board, code, timeout_s=60):
    """Run `code` on the board with all names of the script; return a Told."""
    return Told(board.exec("from scripted_app import *\n" + code, timeout_s))


def power_on(board, until, timeout_s=40, watch=lambda line: None):
    """Start the board, wait for a line with the text `until` or the end of main.py, and cut power.

    `watch` is called with each line as it arrives. Return a Told of the output up to that point.
    """
    lines, done = [], threading.Event()

    def on_line(line):
        if not done.is_set():
            lines.append(line)
            watch(line)
            if until in line:
                done.set()

    board.start(on_line)
    while not done.wait(0.1) and timeout_s > 0:
        timeout_s -= 0.1
        if board.join(0):
            break
    board.stop()
    return Told("\n".join(lines))


def photo_bytes(number, size=3000):
    """Return the bytes of photo `number` of the script's camera, counted from 1."""
    head = b"\xff\xd8\xff\xe0\x00\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xda"
    part = hashlib.sha256(str(number).encode()).digest().replace(b"\xff", b"\0")
    return head + (part * (size // 32 + 1))[: size - len(head) - 2] + b"\xff\xd9"


def photo_sha256(number):
    return hashlib.sha256(photo_bytes(number)).hexdigest()


def seq(key):
    """Return the sequence number in a photo's key."""
    return int(key[-10:-4])
