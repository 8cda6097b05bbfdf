"""The wire: the bytes on the network for a photo, besides the photo itself."""

import contextlib
import socket
import threading
from dataclasses import dataclass, field

from servers.scripted import Peer

from bench import running
from bench.reading import PHOTOS, photo_file
from bench.report import Chapter, Table
from bench.servers import store
from bench.transfer import MODES

_APPLICATION_DATA = 23
_TEXT = """\
These are the bytes on the TCP connection for one photo, in both directions. A relay between client
and server counts them and reads the heads of the TLS records. *Headers* are those of the request
and of both replies. *Framing* is what the mode puts around the body. *TLS* is the heads, nonces
and tags of the records that carry them. There is one handshake per connection. TCP and IP add 40
bytes for each segment, and acknowledgements."""


@dataclass
class Relay:
    """Relays TCP connections to `port` and keeps the bytes `up` and `down` of the last one."""

    port: int
    up: bytearray = field(default_factory=bytearray)
    down: bytearray = field(default_factory=bytearray)

    def __enter__(self) -> "Relay":
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.here = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self.port))
                self.up, self.down = bytearray(), bytearray()
                for pair in ((client, server, self.up), (server, client, self.down)):
                    threading.Thread(target=_pass, args=pair, daemon=True).start()


def _pass(source: socket.socket, target: socket.socket, kept: bytearray) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            kept += data
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def records(stream: bytes) -> list[tuple[int, int]]:
    """Return (type, bytes with the header) of each TLS record in `stream`. RFC 5246, 6.2.1."""
    found, at = [], 0
    while at + 5 <= len(stream):
        size = 5 + int.from_bytes(stream[at + 3 : at + 5], "big")
        found.append((stream[at], size))
        at += size
    return found


def measure(mode: str, size: int) -> dict[str, int]:
    """Send one photo of `size` bytes; return requests, headers, framing, tls, records, handshake.

    All values except requests and records are in bytes.
    """
    heads = []

    def script(peer: Peer) -> None:
        while True:
            heads.append(peer.read_head())
            peer.send(_CONTINUE)
            heads.append(peer.read_body())
            peer.body = b""
            peer.send(_STORED)

    with store(script) as there, Relay(there["port"]) as relay:
        photos = [[photo_file(size), size, 4092]]
        job = {**there, "port": relay.here, "ways": [mode], "photos": photos, "count_bus": False}
        running.execute("transfer", job)
        all_records = records(bytes(relay.up)) + records(bytes(relay.down))
    head, body = heads
    headers = len(head) + len(b"\r\n\r\n") + len(_CONTINUE) + len(_STORED)
    carried = [size for kind, size in all_records if kind == _APPLICATION_DATA]
    return {
        "requests": len(heads) // 2,
        "headers": headers,
        "framing": len(body) - size,
        "tls": sum(carried) - len(body) - headers,
        "records": len(carried),
        "handshake": sum(size for kind, size in all_records if kind != _APPLICATION_DATA),
    }


_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_STORED = b'HTTP/1.1 200 OK\r\nETag: "x"\r\nContent-Length: 0\r\n\r\n'


def chapter() -> Chapter:
    rows = []
    for resolution in ("320x240", "2592x1944"):
        size = PHOTOS[resolution]
        for mode in MODES:
            told = measure(mode, size)
            beyond = told["headers"] + told["framing"] + told["tls"]
            share = f"{beyond / size:.1%}"
            rows.append([resolution, size, mode, *told.values(), share])
    names = ["requests", "headers", "framing", "TLS", "records", "handshake", "overhead"]
    return Chapter("The wire", [_TEXT, Table(["photo", "bytes", "mode", *names], rows)])
