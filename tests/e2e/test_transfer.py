"""A photo's way from the camera's FIFO over TLS, on a simulated board."""

import hashlib
import threading

from megacam import demo
from servers.relay import USE_ENDPOINT, Relay

PUT_WITH_A_LOCKED_HEAP = """
import micropython
from firmware import config, rare
from firmware.build import build
from jpeg import JPEGBody

class Locked:
    def __init__(self, body):
        self.size = self.left = body.size
        self.body = body

    def readinto(self, buf):
        if self.left == self.size:
            micropython.heap_lock()
        n = self.body.readinto(buf)
        self.left -= n
        if n and not self.left:
            micropython.heap_unlock()
        return n

rare.call("boot", "main")
rare.call("clock_set", "sync", config.load()["clock"])
app = build()
app.camera.start()
frame = app.camera.finish()
frame.prepare(app.uploader.store.body_buf)
connection = app.uploader.store.connection
expect = connection.expect_continue
# One that comes late is read in the middle of the body, which takes memory.
connection.expect_continue = lambda: expect(30000)
print(app.uploader.store.put("cam1/locked.jpg", Locked(JPEGBody(frame))).status)
"""


def test_camera_to_tls_allocates_nothing(tmp_path):
    with demo._stage(demo.Options(folder=tmp_path), lambda text: None) as (board, store, _):
        board.heap = "112K"  # in which this test's source is compiled, too
        said = board.exec(PUT_WITH_A_LOCKED_HEAP)
        assert said.splitlines()[-1] == "200"
        found = store.client("s3").head_object(Bucket=demo.BUCKET, Key="cam1/locked.jpg")
    assert found["ContentLength"] > 100_000


def test_after_a_server_that_vanishes_in_mid_body_the_next_photo_is_stored(tmp_path):
    lines = []
    stored = threading.Event()

    def on_line(line):
        lines.append(line)
        if line.startswith("I s3 stored"):
            stored.set()

    with demo._stage(demo.Options(folder=tmp_path), lines.append) as (board, store, _):
        port = int(store.endpoint.rpartition(":")[2])
        with Relay(port, cut_after_bytes=100_000) as relay:
            board.exec(USE_ENDPOINT.format(f"https://localhost:{relay.port}"))
            board.start(on_line)
            assert stored.wait(60), lines
        found = store.client("s3").list_objects_v2(Bucket=demo.BUCKET)
    assert relay.cuts == 1
    lost = [line for line in lines if line.startswith("E app photo lost")]
    assert len(lost) == 1
    assert "body" in lost[0]
    assert len([one for one in found["Contents"] if one["Key"].endswith(".jpg")]) == 1


def _waited(lines):
    """Return the numbers of the photos that were kept, as text."""
    return {line.partition("name=")[2].split("-")[1][:6] for line in lines if "kept" in line}


def test_photos_of_an_outage_wait_on_the_flash_and_are_stored_afterwards(tmp_path):
    lines = []
    kept, drained = threading.Event(), threading.Event()

    def on_line(line):
        lines.append(line)
        if sum(line.startswith("I spool kept") for line in lines) == 2:
            kept.set()
        stored = {
            line.partition(".jpg")[0][-6:] for line in lines if line.startswith("I s3 stored")
        }
        if kept.is_set() and len(stored) >= 4 and _waited(lines) <= stored:
            drained.set()

    with demo._stage(demo.Options(folder=tmp_path), lines.append) as (board, store, served):
        port = int(store.endpoint.rpartition(":")[2])
        with Relay(port, cut_after_bytes=1 << 40) as relay:
            relay.is_down = True
            board.exec(USE_ENDPOINT.format(f"https://localhost:{relay.port}"))
            board.start(on_line)
            assert kept.wait(60), lines
            relay.is_down = False
            assert drained.wait(90), lines
            board.stop()
        s3 = store.client("s3")
        keys = [one["Key"] for one in s3.list_objects_v2(Bucket=demo.BUCKET)["Contents"]]
        bodies = [s3.get_object(Bucket=demo.BUCKET, Key=key)["Body"].read() for key in keys]
        hashes = demo._served_hashes(served)
    assert _waited(lines) <= {key[-10:-4] for key in keys}, lines
    photos = [body for key, body in zip(keys, bodies, strict=True) if key.endswith(".jpg")]
    assert all(hashlib.sha256(body).hexdigest() in hashes for body in photos)
    assert not any("memory" in line for line in lines), lines
