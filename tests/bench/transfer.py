"""The transfer path, from SPI to TLS, beside the tightest loop that anybody could write."""

import contextlib
import functools
import hashlib
import ssl

import trustme
from servers.running import issue, server_context
from servers.scripted import Peer, ScriptedServer

from bench import running
from bench.reading import PHOTOS, photo_file
from bench.report import Chapter, Table

BUFFERS = (1024, 2048, 4092, 8192, 16384)
MODES = ("none", "etag", "checksum", "signed", "signed-checksum")
WAYS = ("floor", *MODES)
_FEW_BYTES = 65_472  # sixteen blocks of 4092


def take_photos(peer: Peer) -> None:
    """Be an S3 that takes every photo and reads it to its end; a script of ScriptedServer."""
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
    """Return the path of a file with the root of `authority`, as a device gets it."""
    der = ssl.PEM_cert_to_DER_cert(authority.cert_pem.bytes().decode())
    path = running.folder() / f"root-{hashlib.sha256(der).hexdigest()[:8]}.der"
    path.write_bytes(der)
    return str(path)


@contextlib.contextmanager
def store(script=take_photos):
    """Yield {"port", "root"} of a TLS server that takes photos, and its root as a file."""
    with ScriptedServer(server_context(issue(_authority()))) as server:
        yield {"port": server.play(script), "root": root_file(_authority())}


def measure(ways, photos, *, counted: bool = False, count_bus: bool = False) -> running.Run:
    """Send `photos`, pairs of size and buffer in bytes, in all `ways`."""
    with store() as there:
        job = {
            **there,
            "ways": list(ways),
            "photos": [[photo_file(size), size, buffer] for size, buffer in photos],
            "count_bus": count_bus,
        }
        return running.execute("transfer", job, counted=counted)


_TEXT = """\
A photo's way from `spi.readinto` to the TLS socket: the driver's frame, the JPEG check, the
checksum of the mode, the connection. *Floor* is the tightest loop that anybody could write,
`spi.readinto` and then `sock.write` with nothing else, over the same bus and the same TLS (AES-GCM
in software). *Path alone* is mode `none` without its MD5. Instructions per KB of photo from the
body's first byte to its last; the factor is against the floor of the same run."""
_ALLOCATED = """\
Bytes that the transfer leaves on the heap. In `none` and `checksum` it is the same handful for
every size (bound methods and views, made before the loop), so a KB of photo costs nothing; the
signed modes make a signature of text for every 8 KB."""
_MEANING = """\
The goal is 1.10 for `none` and 1.25 for `checksum`. What `none` is above it is the MD5 that it
compares with the store's ETag, {md5:.0%} of the floor; the CRC32 of `checksum` is {crc:.0%}. The
path alone costs {path:.2f}. In a small photo, what is done once (the frame's head, the search for
the JPEG's end in the last 8 KiB, the views) has fewer KB to be spread over."""


def _instructions(photos) -> dict[str, int]:
    return measure(WAYS, photos, counted=True).instructions


def _factors(photos, label) -> list[list[object]]:
    counted = _instructions(photos)
    rows = []
    for size, buffer in photos:
        floor = counted[f"floor {size} {buffer}"]
        for way in WAYS:
            count = counted[f"{way} {size} {buffer}"]
            rows.append([label(size, buffer), way, count * 1024 // size, count / floor])
    return rows


def allocations() -> tuple[Table, dict[str, dict[str, int]]]:
    """Return a table of bytes allocated and SPI transactions, and the same as {name: result}."""
    photos = [(size, 4092) for size in PHOTOS.values()]
    results = {one["name"]: one for one in measure(WAYS, photos, count_bus=True).results}
    rows = [
        [resolution, way, told["allocated"], told["transactions"]]
        for resolution, size in PHOTOS.items()
        for way in WAYS
        for told in [results[f"{way} {size} 4092"]]
    ]
    return Table(["photo", "way", "bytes on the heap", "SPI transactions"], rows), results


def chapter() -> Chapter:
    parts = [_TEXT]
    if running.can_count():
        parts += _counted()
    return Chapter("The transfer path", [*parts, _ALLOCATED, allocations()[0]])


def _counted() -> list[object]:
    names = {size: resolution for resolution, size in PHOTOS.items()}
    by_photo = _factors([(size, 4092) for size in names], lambda size, _: names[size])
    by_buffer = _factors([(_FEW_BYTES, buffer) for buffer in BUFFERS], lambda _, buffer: buffer)
    factors = {row[1]: row[3] for row in by_photo if row[0] == "1600x1200"}
    meaning = _MEANING.format(
        md5=factors["none"] - factors["path alone"],
        crc=factors["checksum"] - factors["path alone"],
        path=factors["path alone"],
    )
    columns = ["way", "instructions per KB", "factor"]
    return [
        Table(["photo", *columns], by_photo),
        meaning,
        f"By size of the buffer, for {_FEW_BYTES:,} bytes; the signed modes take 8 KB at least:",
        Table(["buffer", *columns], by_buffer),
    ]
