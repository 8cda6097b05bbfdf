"""The mpremote commands in docs/setup.md, exactly as printed, on a board with MicroPython."""

import contextlib
import json
import os
import re
import shlex
import subprocess
import sys
import time

import pytest
from megacam.board import tree
from megacam.sim import flash
from megacam.sim.ntp_server import NTPServer
from megacam.sim.pty_board import PtyBoard
from megacam.sim.rom import PORT
from megacam.sim.store import Store
from setup_run import stored
from usb_board import WIFI

PAGE = (tree.root() / "docs/setup.md").read_text(encoding="utf-8")
BUCKET = "garden-photos"


def _lines():
    """Return the command lines of the page, without their comments."""
    [block] = re.findall(r"<!-- by mpremote -->\n *```\n(.*?)```", PAGE, re.DOTALL)
    return [shlex.split(line, comments=True) for line in block.strip().splitlines()]


@pytest.fixture
def world(tmp_path):
    """Yield (folder on the computer, board, store); the folder has the user's config.json."""
    host = tmp_path / "host"
    host.mkdir()
    options = {"networks": [WIFI], "camera": ["--scene"], "without": ["hmac"]}
    with (
        Store() as store,
        NTPServer() as ntp,
        PtyBoard(tmp_path / "board", {}, **options) as board,
    ):
        store.create_bucket(BUCKET)
        key_id, secret = store.create_device_user(BUCKET, "cam1")
        config = json.loads((tree.root() / "config.example.json").read_text())
        config["s3"] |= {"bucket": BUCKET, "endpoint": store.endpoint, "path_style": True}
        config["clock"] = {"servers": [f"127.0.0.1:{ntp.port}"], "http_urls": []}
        config["wifi"]["networks"] = [{name: WIFI[name] for name in ("ssid", "password")}]
        config["aws"] = {"access_key_id": key_id, "secret_access_key": secret}
        config["interval_s"] = 5
        (host / "config.json").write_text(json.dumps(config, indent=4))
        board.plug_in()
        yield host, board, store


def _run(line, world):
    """Run a command line; the port is added, because mpremote finds only boards on USB."""
    host, board, store = world
    program, *rest = line
    port = ["connect", board.port] if program == "mpremote" else []
    # What an offline user of another store would pass with --roots and --hmac.
    given = {"MEGACAM_ROOTS": str(store.ca_pem), "MEGACAM_HMAC": str(PORT)}
    done = subprocess.run(
        [sys.executable, "-m", program, *port, *rest], cwd=host, env={**os.environ, **given},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stdout[-1500:] + done.stderr
    assert "Traceback" not in done.stdout


def _watch(line, board, text):
    """Run mpremote repl on a terminal until it shows `text`; end it with Ctrl-]."""
    ours, theirs = os.openpty()
    argv = [sys.executable, "-m", line[0], "connect", board.port, *line[1:]]
    with subprocess.Popen(argv, stdin=theirs, stdout=theirs, stderr=theirs) as running:
        os.close(theirs)
        shown, deadline = b"", time.monotonic() + 600
        while text not in shown and time.monotonic() < deadline:
            shown += os.read(ours, 1000)
        os.write(ours, b"\x1d")
        with contextlib.suppress(OSError):  # EIO: mpremote has ended
            while data := os.read(ours, 1000):
                shown += data
    os.close(ours)
    assert running.returncode == 0
    return shown


def test_the_lines_of_the_page_end_with_a_stored_photo(world):
    _, board, store = world
    *lines, last = _lines()
    assert last == ["mpremote", "repl"]
    for line in lines:
        _run(line, world)
    shown = _watch(last, board, b"I s3 stored key=cam1/")
    assert b"I s3 stored" in shown and b"Traceback" not in shown, shown.decode()
    board.pull()
    assert store.client("s3").list_objects_v2(Bucket=BUCKET)["KeyCount"] >= 1
    assert {*stored(board.folder)[-1]} >= {"wifi", "aws"}
    assert WIFI["password"].encode() not in flash.read_image(board.image)["a/config.json"]
