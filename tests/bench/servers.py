"""TLS servers that take photos, for the programs of device/."""

import contextlib
import functools
import hashlib
import ssl

import trustme
from servers.running import issue, server_context
from servers.scripted import Peer, ScriptedServer

from bench import running


def take_photos(peer: Peer) -> None:
    """Accept every photo and read it to its end, as S3 does; a script for ScriptedServer."""
    while True:
        peer.read_head()
        peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        peer.read_body()
        peer.body = b""
        peer.send(b'HTTP/1.1 200 OK\r\nETag: "x"\r\nContent-Length: 0\r\n\r\n')


@functools.cache
def _authority() -> trustme.CA:
    return trustme.CA()


def root_file(authority: trustme.CA) -> str:
    """Return the path of a file with the root of `authority`, as a device stores it."""
    der = ssl.PEM_cert_to_DER_cert(authority.cert_pem.bytes().decode())
    path = running.folder() / f"root-{hashlib.sha256(der).hexdigest()[:8]}.der"
    path.write_bytes(der)
    return str(path)


@contextlib.contextmanager
def store(script=take_photos):
    """Yield {"port", "root"} of a TLS server that takes photos; `root` is the path of its root."""
    with ScriptedServer(server_context(issue(_authority()))) as server:
        yield {"port": server.play(script), "root": root_file(_authority())}
