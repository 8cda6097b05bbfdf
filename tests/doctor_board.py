"""A board for the doctor and its environment: Wi-Fi, a time server and a store with IAM.

pytest_plugins = "doctor_board"
def test_something(tmp_path, place): examine(tmp_path, place, config={"spi": {"cs": 15}})
"""

import contextlib
import json
import time

import pytest
from megacam.board import deploy, device, provision, tree
from megacam.doctor import run
from megacam.sim.ntp_server import NTPServer
from megacam.sim.store import Store
from usb_board import WIFI, plugged_in

BUCKET = "garden-photos"


@pytest.fixture(scope="module")
def place():
    """Yield (store, config.json as parsed, CA file, key of cam1) of a store that works."""
    with Store() as store, NTPServer() as ntp:
        store.create_bucket(BUCKET)
        identity, secret = store.create_device_user(BUCKET, "cam1")
        yield (
            store,
            configured(store.endpoint, store.region, ntp),
            store.ca_pem,
            {"id": identity, "secret": secret},
        )


def configured(endpoint, region, ntp):
    """Return config.json as parsed."""
    return {
        "device": "cam1",
        "s3": {"bucket": BUCKET, "region": region, "endpoint": endpoint, "path_style": True},
        "camera": {"resolution": "320x240"},
        "clock": {"servers": [f"127.0.0.1:{ntp.port}"], "http_urls": []},
    }


@contextlib.contextmanager
def board(folder, place, *, config=None, key=None, wifi=WIFI, camera=(), fast=False, wiped=()):
    """Yield (a board with firmware and secrets, the files that it should have)."""
    _, usual, ca, usual_key = place
    # main.py is empty, so the camera is in the state of a board that has just been plugged in.
    wanted = {**deploy.tree({**usual, **(config or {})}, ca), "main.py": b""}
    files = {**wanted, "deployed.json": json.dumps({"version": "0.1.0", "files": {}}).encode()}
    files = tree.placed(files)
    options = {"networks": [WIFI], "camera": ["--scene", *camera], "fast": fast}
    with plugged_in(folder, files, **options) as board:
        with device.connect(board.port) as found:
            provision.store(found, "wifi", [{k: wifi[k] for k in ("ssid", "password")}])
            provision.store(found, "aws", key or usual_key)
            provision.wipe(found, tuple(wiped))
        yield board, wanted


def examine(folder, place, **options):
    """Return all results of the doctor on a board made by board()."""
    now = options.pop("now", time.time)
    read = options.pop("read", None) or reader(place)
    with board(folder, place, **options) as (plugged, wanted):
        return list(run.examine(plugged.port, wanted, now, read))


def reader(place):
    """Return read(key) -> bytes of an object, with the rights of the store's owner."""
    return lambda key: place[0].client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()


def states(results):
    """Return [(name of the check, "good", "warn" or "bad")]."""
    return [(one.name, one.state) for one in results]
