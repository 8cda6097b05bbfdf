"""A fake S3 for a run in virtual time: verified TLS, Signature V4, and all kinds of failures.

It shares no code with the firmware: signatures are checked as the AWS documentation describes
("Signature Calculations for the Authorization Header").
"""

import asyncio
import base64
import calendar
import contextlib
import email.utils
import hashlib
import hmac
import socket
import ssl
import struct
import time
import zlib
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import unquote

import trustme
from megacam import exif

from soak.plan import Plan
from soak.truth import Truth

REGION, BUCKET, DEVICE = "us-east-1", "soak-photos", "cam1"
HOST = f"{BUCKET}.s3.{REGION}.amazonaws.com"
KEY_ID, SECRET = "SOAKKEYSOAKKEYSOAKKE", "soak/secret+soak/secret+soak/secret+soak"
_SKEW_S = 900
_MOST_BYTES = 1 << 20
#: The error replies before the body, by kind of fault, in the order of the checks.
_REPLIES = {
    "expired-token": (400, "ExpiredToken", "The provided token has expired."),
    "access-denied": (403, "AccessDenied", "Access Denied"),
    "slow-down": (503, "SlowDown", "Please reduce your request rate."),
    "internal-error": (500, "InternalError", "We encountered an internal error."),
}


@dataclass
class Object:
    """A stored object, with the true time at which it arrived and its metadata."""

    sha256: str
    size: int
    stored_s: float
    metadata: dict[str, str] = field(default_factory=dict)


class _RefusedError(Exception):
    def __init__(self, status: int, code: str, text: str):
        super().__init__(code)
        self.status, self.code, self.text = status, code, text


class _BrokenError(Exception):
    """Ends the connection with a reset."""


class Store:
    """The bucket. `objects` is {key: Object} of the photos in it; the numbers are counters.

    `wrong` lists what a correct client would not have sent. `silent` counts the open connections
    that will never get an answer.

    `on_event` is called with "head", "body", "stored" and "replied" as a request reaches them.
    """

    def __init__(self, truth: Truth, plan: Plan, on_event: Callable[[str], None]):
        self.objects: dict[str, Object] = {}
        self.requests = self.bytes = self.handshakes = self.reports = self.silent = 0
        self.dates = 0
        self.refusals: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.last_reports: deque[str] = deque(maxlen=100)
        self._truth = truth
        self._plan = plan
        self._on_event = on_event
        self._tasks: set[asyncio.Task[None]] = set()
        authority = trustme.CA(key_type=trustme.KeyType.RSA)
        certificate = authority.issue_cert(HOST, key_type=trustme.KeyType.RSA)
        self.root_der = ssl.PEM_cert_to_DER_cert(authority.cert_pem.bytes().decode())
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(self._context)

    async def start(self) -> int:
        """Listen on loopback; return the port."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self._keep(self._accept())
        return self._listener.getsockname()[1]

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._listener.close()

    def _keep(self, work) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _is(self, kind: str) -> bool:
        return self._plan.active(kind, self._truth.now_s) is not None

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            connection, _ = await loop.sock_accept(self._listener)
            if self._is("refused"):
                _reset(connection)
            else:
                self._keep(self._serve(connection))

    async def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, ssl.SSLError):
            if self._is("silent-handshake"):
                await self._be_silent(connection)
                return
            reader, writer = await self._handshake(connection)
            self.handshakes += 1
            try:
                while await self._request(reader, writer):
                    pass
            except _BrokenError:
                _reset(connection, close=False)
            finally:
                writer.transport.abort()

    async def _handshake(self, connection: socket.socket):
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await loop.connect_accepted_socket(
            lambda: protocol, connection, ssl=self._context
        )
        return reader, asyncio.StreamWriter(transport, protocol, reader, loop)

    async def _be_silent(self, connection: socket.socket | None = None) -> None:
        # Ends when the client closes the connection, or with the run.
        self.silent += 1
        try:
            loop = asyncio.get_running_loop()
            while connection is None or await loop.sock_recv(connection, 4096):
                await asyncio.sleep(60 if connection is None else 0)
        finally:
            self.silent -= 1
            if connection:
                connection.close()

    async def _request(self, reader, writer) -> bool:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return False
        self._on_event("head")
        self.requests += 1
        try:
            await self._answer(head.decode("latin-1"), reader, writer)
            return True
        except _RefusedError as e:
            self._refuse(writer, e)
            return False

    def _refuse(self, writer, e: _RefusedError) -> None:
        self.refusals[e.code] += 1
        page = f"<?xml?><Error><Code>{e.code}</Code><Message>{e.text}</Message></Error>".encode()
        lines = (
            f"Connection: close\r\nContent-Type: application/xml\r\nContent-Length: {len(page)}"
        )
        writer.write(self._head(e.status, lines) + page)

    def _head(self, status: int, lines: str) -> bytes:
        date = email.utils.formatdate(self._truth.utc(), usegmt=True)
        return (
            f"HTTP/1.1 {status} X\r\nDate: {date}\r\nServer: AmazonS3\r\n{lines}\r\n\r\n".encode()
        )

    async def _answer(self, head: str, reader, writer) -> None:
        method, path, headers = _parse(head)
        if self._is("silent-head"):
            await self._wait_for_end(reader)
        if (method, path) == ("HEAD", "/"):
            # The board's clock sends this unsigned request to read the Date header.
            self.dates += 1
            writer.write(self._head(403, "Content-Type: application/xml"))
            await writer.drain()
            return
        self._check(method, path, headers)
        key = unquote(path[1:])
        if headers.get("if-none-match") == "*" and key in self.objects:
            raise _RefusedError(412, "PreconditionFailed", "a condition did not hold")
        if headers.get("expect") == "100-continue":
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await self._body(reader, headers)
        self._keep_object(key, body, headers)
        self._on_event("stored")
        if self._is("reset-before-reply"):
            raise _BrokenError
        if self._is("silent-reply"):
            await self._wait_for_end(reader)
        etag = hashlib.md5(body).hexdigest()
        writer.write(self._head(200, f'ETag: "{etag}"\r\nContent-Length: 0'))
        await writer.drain()
        self._on_event("replied")

    async def _wait_for_end(self, reader) -> None:
        self.silent += 1
        try:
            while await reader.read(4096):
                pass
        finally:
            self.silent -= 1
        raise _BrokenError

    def _check(self, method: str, path: str, headers: dict[str, str]) -> None:
        for kind, refusal in _REPLIES.items():
            if self._is(kind):
                raise _RefusedError(*refusal)
        said_s = calendar.timegm(time.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ"))
        if abs(said_s - self._truth.utc()) > _SKEW_S:
            raise _RefusedError(403, "RequestTimeTooSkewed", "The difference is too large.")
        if method != "PUT" or headers.get("host") != HOST:
            self.wrong.append(f"{method} {headers.get('host')}")
        if signature(method, path, headers) != headers["authorization"].rpartition("=")[2]:
            self.wrong.append(f"signature of {path}")
            raise _RefusedError(403, "SignatureDoesNotMatch", "it does not match")

    async def _body(self, reader, headers: dict[str, str]) -> bytes:
        if self._is("reset-in-body"):
            await reader.read(256)
            self._on_event("body")
            raise _BrokenError
        length = int(headers["content-length"])
        if length > _MOST_BYTES:
            raise _RefusedError(400, "EntityTooLarge", "too large")
        if length > 256:
            data = await reader.readexactly(256)
            self._on_event("body")
            data += await reader.readexactly(length - 256)
        else:
            data = await reader.readexactly(length)
        self.bytes += length
        if headers.get("content-encoding") != "aws-chunked":
            return data
        return _unframe(data, int(headers["x-amz-decoded-content-length"]))

    def _keep_object(self, key: str, body: bytes, headers: dict[str, str]) -> None:
        start = "x-amz-meta-"
        metadata = {k[len(start) :]: v for k, v in headers.items() if k.startswith(start)}
        if key.endswith(".jpg"):
            taken = exif.taken(body)
            # A photo that was refused gets the name of the next second.
            names = [f"{taken + timedelta(seconds=s):%Y/%m/%d/%H%M%S}-" for s in (0, 1) if taken]
            if not any(name in key for name in names):
                self.wrong.append(f"EXIF of {key}: {taken}")
            photo = exif.split(body)[1]
            sha256 = hashlib.sha256(photo).hexdigest()
            self.objects[key] = Object(sha256, len(body), self._truth.now_s, metadata)
        else:
            self.reports += 1
            self.last_reports.append(body.decode())


def _reset(connection, close: bool = True) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if close:
        connection.close()


def _parse(head: str) -> tuple[str, str, dict[str, str]]:
    first, *lines = head.strip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return method, path, headers


def signature(method: str, path: str, headers: dict[str, str]) -> str:
    """Return the signature that the request should have, or what is wrong with its headers."""
    _, _, rest = headers["authorization"].partition("Credential=")
    scope, _, rest = rest.partition(",")
    key_id, day, region, service, end = scope.split("/")
    names = rest.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    missing = {"host", "x-amz-date", "x-amz-content-sha256"} - set(names)
    unsigned = {n for n in headers if n.startswith("x-amz-")} - set(names)
    if (key_id, region, service, end) != (KEY_ID, REGION, "s3", "aws4_request"):
        return "the scope is wrong"
    if missing or unsigned:
        return "headers that are not signed"
    lines = "".join(f"{name}:{' '.join(headers[name].split())}\n" for name in names)
    request = f"{method}\n{path}\n\n{lines}\n{';'.join(names)}\n{headers['x-amz-content-sha256']}"
    text = "\n".join(
        (
            "AWS4-HMAC-SHA256",
            headers["x-amz-date"],
            f"{day}/{region}/{service}/{end}",
            hashlib.sha256(request.encode()).hexdigest(),
        )
    )
    key = f"AWS4{SECRET}".encode()
    for part in (day, region, service, end, text):
        key = hmac.digest(key, part.encode(), "sha256")
    return key.hex()


def _unframe(data: bytes, size: int) -> bytes:
    body = b""
    while True:
        line, _, data = data.partition(b"\r\n")
        length = int(line, 16)
        if not length:
            break
        body, data = body + data[:length], data[length + 2 :]
    name, _, value = data.strip().partition(b":")
    if name != b"x-amz-checksum-crc32" or len(body) != size:
        raise _RefusedError(400, "MalformedTrailerError", "the trailer is malformed")
    if base64.b64decode(value) != zlib.crc32(body).to_bytes(4, "big"):
        raise _RefusedError(400, "BadDigest", "the checksum does not match")
    return body
