"""A photo's way from the camera's FIFO over TLS, on a simulated board."""

import contextlib
import select
import socket
import threading

from megacam import demo

PUT_WITH_A_LOCKED_HEAP = """
import micropython
from firmware import rare
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
rare.call("link", "wait")
app = build()
app.camera.start()
frame = app.camera.finish()
frame.prepare(app.uploader.store.body_buf)
print(app.uploader.store.put("cam1/locked.jpg", Locked(JPEGBody(frame))).status)
"""


def test_camera_to_tls_allocates_nothing(tmp_path):
    with demo._stage(demo.Options(folder=tmp_path), lambda text: None) as (board, store, _):
        board.heap = "112K"  # in which this test's source is compiled, too
        said = board.exec(PUT_WITH_A_LOCKED_HEAP)
        assert said.splitlines()[-1] == "200"
        found = store.client("s3").head_object(Bucket=demo.BUCKET, Key="cam1/locked.jpg")
    assert found["ContentLength"] > 100_000


class Relay:
    """Stands in front of a server and pulls the plug of the first connection in mid-body."""

    def __init__(self, port, cut_after_bytes):
        self.cuts = 0
        self._port = port
        self._left = cut_after_bytes
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *exc):
        self._listener.close()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client):
        with client, socket.create_connection(("127.0.0.1", self._port)) as server:
            other = {client: server, server: client}
            with contextlib.suppress(OSError):
                while True:
                    for end in select.select([client, server], [], [])[0]:
                        data = end.recv(4096)
                        if not data:
                            return
                        if end is client and not self.cuts:
                            self._left -= len(data)
                            if self._left < 0:
                                self.cuts += 1
                                return
                        other[end].sendall(data)


USE_ENDPOINT = """
import json
with open("/config.json") as f:
    settings = json.load(f)
settings["s3"]["endpoint"] = "{}"
with open("/config.json", "w") as f:
    json.dump(settings, f)
"""


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
    assert found["KeyCount"] == 1
