"""The complete firmware with an SD card during an outage, in the heap of a plain ESP32."""

import json

import pytest
from e2e.console import Console
from e2e.on_board import change_setting
from megacam import settings
from megacam.board import tree
from megacam.demo import run
from megacam.sim.board import Board
from megacam.sim.ntp_server import NTPServer
from megacam.sim.store import Store
from servers.relay import Relay

_FORMAT = "import machine, vfs\nvfs.VfsFat.mkfs(machine.SDCard(slot=3))"
_WIFI = {"ssid": "Observatory", "password": "clear skies tonight", "rssi": -58}
_NETWORK = {"ssid": _WIFI["ssid"], "password": _WIFI["password"]}


@pytest.fixture
def camera(tmp_path):
    with Store() as store, NTPServer() as ntp:
        store.create_bucket(run.BUCKET)
        files = run.board_files(store, f"127.0.0.1:{ntp.port}", 10)
        key = store.create_device_user(run.BUCKET, run.DEVICE)
        port = int(store.endpoint.rpartition(":")[2])
        with (
            Relay(port, cut_after_bytes=1 << 40) as relay,
            Board(
                tmp_path,
                tree.placed(files),
                networks=[_WIFI],
                camera=["--scene"],
                card_bytes=64 << 20,
                fast=True,
            ) as board,
        ):
            run.provision(board, _NETWORK, *key)
            board.exec(_FORMAT)
            change_setting(board, "s3", "endpoint", f"https://localhost:{relay.port}")
            change_setting(board, "spool", "sd", _card())
            change_setting(board, "camera", "resolution", "640x480")
            yield board, relay


def _card():
    checked, _ = settings.check({"s3": {"bucket": "photos"}, "spool": {"sd": {"enabled": True}}})
    return json.loads(checked)["spool"]["sd"]


@pytest.mark.parametrize("is_first", [False, True])
def test_photos_of_an_outage_wait_on_the_card_and_are_stored_afterwards(camera, is_first):
    board, relay = camera
    change_setting(board, "spool", "first", is_first)
    console = Console()
    board.start(console.line)
    console.wait_for("I s3 stored")
    relay.is_down = True
    console.wait_until(lambda lines: _waiting(lines) >= 3)
    relay.is_down = False
    console.wait_until(lambda lines: not _waiting(lines) and len(_stored(lines)) >= 5)
    board.stop()
    bad = ("memory", "error number", "photo lost", "E spool", "work failed")
    said = [line for line in console.lines if any(text in line for text in bad)]
    assert not said, "\n".join(said)


def _stored(lines):
    return _numbers("I s3 stored", lines)


def _waiting(lines):
    return len(_numbers("I spool kept", lines) - _stored(lines))


def _numbers(beginning, lines):
    """Return the numbers of the photos in the lines that start with `beginning`."""
    words = [line.split()[3] for line in lines if line.startswith(beginning)]
    return {word.removesuffix(".jpg")[-6:] for word in words}
