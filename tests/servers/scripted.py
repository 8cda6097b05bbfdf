"""A TLS server that sends exactly the bytes that a script says: the worst cases of real servers.

    with ScriptedServer(certificate_pem) as server:
        port = server.play(lambda peer: (peer.read_head(), peer.send(b"HTTP/1.1 200 OK...")))

A script is called with a Peer for every connection to its port, each in its own thread.
"""

import contextlib
import socket
import ssl
import struct
import threading
import time
from pathlib import Path

TIMEOUT_S = 120  # against a hang; a board under valgrind on a busy machine is slow
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Peer:
    """The server's end of a connection. `head` and `body` have what the client has sent."""

    def __init__(
        self,
        raw: socket.socket,
        context: ssl.SSLContext,
        ended: threading.Event,
        stalled: Path | None = None,
    ):
        self.raw = raw
        self.head = b""
        self.body = b""
        self._context = context
        self._ended = ended
        self._stalled = stalled
        self._tls: ssl.SSLSocket | None = None

    @property
    def tls(self) -> ssl.SSLSocket:
        """The TLS socket; the first use does the handshake."""
        if self._tls is None:
            self._tls = self._context.wrap_socket(self.raw, server_side=True)
        return self._tls

    def read_head(self) -> bytes:
        """Read a request up to its empty line; bytes after that belong to the body."""
        self.head = b""
        data = self.body
        self.body = b""
        while b"\r\n\r\n" not in data:
            piece = self.tls.recv(65536)
            if not piece:
                raise ConnectionError("the client has left")
            data += piece
        self.head, _, self.body = data.partition(b"\r\n\r\n")
        return self.head

    def read_body(self, count: int | None = None) -> bytes:
        """Read `count` bytes of the body, by default as many as the head declares."""
        if count is None:
            count = int(self.header("content-length"))
        body = bytearray(self.body)
        try:
            while len(body) < count:
                piece = self.tls.recv(65536)
                if not piece:
                    raise ConnectionError("the client has left")
                body += piece
        finally:
            self.body = bytes(body)
        return self.body

    def header(self, name: str) -> str:
        for line in self.head.decode().split("\r\n")[1:]:
            if line.lower().startswith(name + ":"):
                return line.partition(":")[2].strip()
        return ""

    def send(self, data: bytes) -> None:
        self.tls.sendall(data)

    def send_split(self, data: bytes, at: int) -> None:
        """Send in two records, with a pause so that the client reads the first one alone."""
        self.send(data[:at])
        self.wait(0.003)
        self.send(data[at:])

    def drip(self, data: bytes, interval_s: float) -> None:
        for i in range(len(data)):
            self.send(data[i : i + 1])
            self.wait(interval_s)

    def wait(self, seconds: float) -> None:
        if self._ended.wait(seconds):
            raise ConnectionError("the test is over")

    def stall(self) -> None:
        """Send and read nothing until the client gives up; tell a client that looks for a file."""
        if self._stalled:
            self._stalled.touch()
        self.wait(TIMEOUT_S)

    def reset(self) -> None:
        """Close so that the client gets ECONNRESET."""
        sock = self._tls or self.raw
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            (self._tls or self.raw).close()

    def drip_handshake(self, interval_s: float) -> None:
        """Do the handshake, sending the server's bytes one at a time."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        session = self._context.wrap_bio(incoming, outgoing, server_side=True)
        while True:
            with contextlib.suppress(ssl.SSLWantReadError):
                session.do_handshake()
                return
            flight = outgoing.read()
            for i in range(len(flight)):
                self.raw.sendall(flight[i : i + 1])
                self.wait(interval_s)
            incoming.write(self.raw.recv(65536))


class ScriptedServer:
    """Listens on one loopback port per script. Use it as a context manager."""

    def __init__(self, context: ssl.SSLContext):
        self._context = context
        self._ended = threading.Event()
        self._listeners: list[socket.socket] = []
        #: Exceptions of scripts by port, except those of a client that disconnected.
        self.faults: dict[int, BaseException] = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._ended.set()
        for listener in self._listeners:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)  # or accept() would wait for ever
            listener.close()

    def play(self, script, stalled: Path | None = None) -> int:
        """Run `script(peer)` for every connection; return the port.

        The file `stalled` is created when a script stalls.
        """
        listener = socket.create_server(("127.0.0.1", 0))
        self._listeners.append(listener)
        port = listener.getsockname()[1]
        threading.Thread(
            target=self._accept, args=(listener, port, script, stalled), daemon=True
        ).start()
        return port

    def _accept(self, listener, port, script, stalled):
        while not self._ended.is_set():
            try:
                raw, _ = listener.accept()
            except OSError:
                return
            threading.Thread(
                target=self._serve, args=(raw, port, script, stalled), daemon=True
            ).start()

    def _serve(self, raw, port, script, stalled):
        raw.settimeout(TIMEOUT_S)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer = Peer(raw, self._context, self._ended, stalled)
        try:
            script(peer)
        except OSError:  # the client has disconnected; most scripts provoke that
            pass
        except BaseException as error:
            self.faults[port] = error
            raise
        finally:
            peer.close()


def breaks_off(came):
    """Return a script for a body that ends too early; it appends the body's length to `came`."""

    def script(peer):
        peer.read_head()
        peer.send(CONTINUE)
        try:
            peer.read_body()
        except ConnectionError:
            came.append(len(peer.body))

    return script


def wait_until(condition, timeout_s: float = 5) -> bool:
    """Poll `condition()`; return whether it became true in time."""
    end_s = time.monotonic() + timeout_s
    while time.monotonic() < end_s:
        if condition():
            return True
        time.sleep(0.01)
    return False
