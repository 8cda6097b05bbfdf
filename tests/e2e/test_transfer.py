"""The path of a photo from the camera's FIFO over TLS, on a simulated board."""

import functools
import hashlib

import pytest
from e2e.console import Console
from e2e.on_board import change_setting
from megacam import exif, settings
from megacam.board import tree
from megacam.demo import run
from servers.relay import Relay

PUT_WITH_A_LOCKED_HEAP = """
import micropython
from firmware.start import boot
from firmware.timing import set_clock as clock_set
from firmware.settings import config
from firmware.start.build import build
from jpeg import JPEGBody

class Locked:
    def __init__(self, body):
        self.size = self.left = body.size
        self.body = body

    def readinto(self, buf):
        if LOCKS and self.left == self.size:
            micropython.heap_lock()
        n = self.body.readinto(buf)
        self.left -= n
        if LOCKS and n and not self.left:
            micropython.heap_unlock()
        return n

boot.main()
clock_set.sync(config.load()["clock"])
app = build()
app.camera.start()
frame = app.camera.finish()
from firmware.shot.metadata import describe
describe(app, 7, app.uploader.store.now())
frame.prepare(app.uploader.store.body_buf)
connection = app.uploader.store.connection
expect = connection.expect_continue
# One that comes late is read in the middle of the body, which takes memory.
connection.expect_continue = lambda *_: expect(30000)
print(app.uploader.store.put("cam1/locked.jpg", Locked(JPEGBody(frame)))[0])
"""


@pytest.mark.parametrize("integrity", settings.schema().INTEGRITY)
def test_a_photo_with_exif_is_whole_in_each_mode_and_allocates_nothing(
    integrity, tmp_path, monkeypatch
):
    # The code above imports modules by name.
    monkeypatch.setattr(tree, "build", functools.partial(tree.build, at_prompt=True))
    locks = "signed" not in integrity  # a signature for each chunk takes memory
    with run._stage(run.Options(folder=tmp_path), lambda text: None) as (board, store, served):
        change_setting(board, "s3", "integrity", integrity)
        board.heap = "112K"  # room for compiling this test's source
        said = board.exec(f"LOCKS = {locks}\n{PUT_WITH_A_LOCKED_HEAP}")
        assert said.splitlines()[-1] == "200"
        found = store.client("s3").head_object(Bucket=run.BUCKET, Key="cam1/locked.jpg")
        photo = store.client("s3").get_object(Bucket=run.BUCKET, Key="cam1/locked.jpg")
        block, own = exif.split(photo["Body"].read())
        assert hashlib.sha256(own).hexdigest() in run._served(served)
    assert found["ContentLength"] > 100_000 and b"cam1-0000000007" in block


def test_after_a_server_that_vanishes_in_mid_body_the_next_photo_is_stored(tmp_path):
    console = Console()
    with run._stage(run.Options(folder=tmp_path), console.line) as (board, store, _):
        port = int(store.endpoint.rpartition(":")[2])
        with Relay(port, cut_after_bytes=100_000) as relay:
            change_setting(board, "s3", "endpoint", f"https://localhost:{relay.port}")
            board.start(console.line)
            console.wait_for("I s3 stored")
        found = store.client("s3").list_objects_v2(Bucket=run.BUCKET)
    assert relay.cuts == 1
    lost = [line for line in console.lines if line.startswith("E app photo lost")]
    assert len(lost) == 1
    assert "body" in lost[0]
    photos = [one for one in found["Contents"] if one["Key"].endswith(".jpg")]
    assert photos and all(one["Size"] > 100_000 for one in photos)


def _waited(lines):
    """Return the numbers of the photos that were kept, as strings."""
    return {line.partition("name=")[2].split("-")[1][:6] for line in lines if "kept" in line}


def _are_drained(lines):
    """Return whether all kept photos and at least one more are stored."""
    stored = {line.partition(".jpg")[0][-6:] for line in lines if line.startswith("I s3 stored")}
    return _waited(lines) < stored


def test_photos_of_an_outage_wait_on_the_flash_and_are_stored_afterwards(tmp_path):
    console = Console()
    with run._stage(run.Options(folder=tmp_path), console.line) as (board, store, served):
        port = int(store.endpoint.rpartition(":")[2])
        with Relay(port, cut_after_bytes=1 << 40) as relay:
            relay.is_down = True
            change_setting(board, "s3", "endpoint", f"https://localhost:{relay.port}")
            # The size of a photo depends on the light, and so on the time of day. Three of the
            # largest fill the spool.
            change_setting(board, "camera", "resolution", "640x480")
            board.start(console.line)
            console.wait_for("I spool kept", "I spool kept")
            relay.is_down = False
            console.wait_until(_are_drained)
            board.stop()
        s3 = store.client("s3")
        keys = [one["Key"] for one in s3.list_objects_v2(Bucket=run.BUCKET)["Contents"]]
        bodies = [s3.get_object(Bucket=run.BUCKET, Key=key)["Body"].read() for key in keys]
        hashes = run._served(served)
    assert _waited(console.lines) <= {key[-10:-4] for key in keys}, console.lines
    photos = [body for key, body in zip(keys, bodies, strict=True) if key.endswith(".jpg")]
    own = [exif.split(body)[1] for body in photos]
    assert all(hashlib.sha256(body).hexdigest() in hashes for body in own)
    assert all(len(body) < len(photo) for body, photo in zip(own, photos, strict=True))
    assert not any("memory" in line or "thinned" in line for line in console.lines), console.lines
