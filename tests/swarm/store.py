"""A store that speaks S3: state machines that take bytes and give bytes, with all their faults."""

import calendar
import email.utils
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

from megacam import exif

from swarm import signature
from swarm.engine import SECOND
from swarm.network import Certificate, Wire

if TYPE_CHECKING:
    from swarm.world import World

_SKEW_S = 900
_RIGHT_S = 60  # a clock that is less wrong knows when a key expires
_IDLE_US = 12 * SECOND  # S3 closes an idle connection after 5 to 20 s
_TIMEOUT_US = 40 * SECOND
_MOST_BYTES = 1 << 20
_WINDOW_BYTES = 8192  # what a client has not read yet holds the server up
_BACKDATED_S = 120  # of a certificate that is made when it is needed
#: Refusals before the body, by kind of fault, in the order of the checks.
_REFUSALS = {
    "access-denied": (403, "AccessDenied", "Access Denied"),
    "expired-token": (400, "ExpiredToken", "The provided token has expired."),
    "slow-down": (503, "SlowDown", "Please reduce your request rate."),
    "internal-error": (500, "InternalError", "We encountered an internal error."),
}


@dataclass
class Object:
    """A stored object, with the true time at which it arrived; `sha256` is without its EXIF."""

    sha256: str
    size: int
    stored_us: int
    metadata: dict[str, str] = field(default_factory=dict)


class RefusedError(Exception):
    """The store refuses a request."""

    def __init__(self, status: int, code: str, text: str, region: str = ""):
        super().__init__(code)
        self.status, self.code, self.text, self.region = status, code, text, region


@dataclass
class Flavour:
    """What kind of store this is: MinIO and others lack some of what S3 has."""

    knows_condition: bool = True
    knows_trailers: bool = True
    knows_expect: bool = True
    has_md5: bool = True


FLAVOURS = {
    "aws": Flavour(),
    "full": Flavour(),
    "old": Flavour(knows_condition=False, knows_trailers=False),
    "encrypting": Flavour(has_md5=False),
    "plain": Flavour(knows_expect=False),
}


class Store:
    """One bucket. `keys` is {access key id: (secret, token or "")}.

    `prefix` is the path before each key, for path style. `tamper` changes each object that is put
    between the wire and the disk; the store then has a damaged object.
    """

    def __init__(
        self, world: "World", host: str, prefix: str, region: str, flavour: str, device: str
    ):
        self.world, self.host, self.prefix, self.region = world, host, prefix, region
        self.flavour, self.device = FLAVOURS[flavour], device
        self.is_aws = flavour == "aws"
        self.keys: dict[str, tuple[str, str]] = {}
        self.objects: dict[str, Object] = {}
        #: {key: content} of the releases for the camera.
        self.offered: dict[str, bytes] = {}
        #: {key: one of releases.ENDLESS} of those that it never gives to the end.
        self.endless: dict[str, str] = {}
        self.has_bucket = True
        self.root = 0
        self.requests = 0

    def certificate(self) -> Certificate:
        """Return what the store presents in a handshake."""
        begin_s = self.world.engine.begin_s
        names = (self.host, "*." + self.host.partition(".")[2])
        life_s = self.world.history.world.get("certificate_s")
        if life_s:
            # A new one in the middle of the life of the one before.
            passed_s = int(self.world.engine.now_s)
            begins_s = begin_s + passed_s - passed_s % (life_s // 2) - _BACKDATED_S
            return Certificate(names, self.root, begins_s, begins_s + life_s)
        return Certificate(names, self.root, begin_s - 30 * 86400, begin_s + 400 * 86400)

    def open(self, wire: Wire) -> "Session":
        """Return the store's side of a new connection."""
        return Session(self, wire)


class Session:
    """One connection of a client."""

    def __init__(self, store: Store, wire: Wire):
        self._store, self._wire = store, wire
        self._world = store.world
        self._buffer = b""
        self._take: Callable[[], bool] = self._head
        self._silent = False
        self._used_us = self._world.engine.now_us
        self._watch()

    def _watch(self) -> None:
        idle_us = _IDLE_US if self._take == self._head and not self._buffer else _TIMEOUT_US
        engine = self._world.engine

        def _look() -> None:
            if self._wire.is_lost or self._silent:
                return
            if engine.now_us - self._used_us >= idle_us:
                self._wire.close()
                self._silent = True
            else:
                self._watch()

        engine.at(self._used_us + idle_us, _look)

    def receive(self, data: bytes) -> None:
        """Take what the client has sent."""
        if self._silent:
            return
        self._used_us = self._world.engine.now_us
        self._buffer += data
        while self._take():
            pass

    def _be_silent(self) -> None:
        self._silent = True

    def _break(self) -> None:
        self._silent = True
        self._wire.reset()

    def _reply(self, status: int, lines: str, body: bytes = b"") -> None:
        date = email.utils.formatdate(int(self._world.engine.utc()), usegmt=True)
        head = f"HTTP/1.1 {status} X\r\nDate: {date}\r\nServer: AmazonS3\r\n{lines}"
        self._wire.send(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    def _refuse(self, e: RefusedError, is_over: bool = True) -> None:
        region = f"<Region>{e.region}</Region>" if e.region else ""
        page = f"<?xml?><Error><Code>{e.code}</Code><Message>{e.text}</Message>{region}</Error>"
        lines = "Content-Type: application/xml\r\n" + ("Connection: close\r\n" if is_over else "")
        if self._store.is_aws:
            lines += f"x-amz-bucket-region: {self._store.region}\r\n"
        self._world.note_refusal(e.code)
        self._reply(e.status, lines, b"" if self._method == "HEAD" else page.encode())
        if is_over:
            self._silent = True
            self._wire.close()

    # The head of a request

    def _head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        text = self._buffer[:end].decode("latin-1")
        self._buffer = self._buffer[end + 4 :]
        self._world.note_request(text)
        if self._world.is_on("silent-head"):
            self._be_silent()
            return False
        first, *lines = text.split("\r\n")
        self._method, target, _ = first.split(" ")
        self._path, _, self._query = target.partition("?")
        pairs = [line.partition(":") for line in lines]
        self._headers = {name.lower(): value.strip() for name, _, value in pairs}
        if len(self._headers) != len(lines):
            self._world.wrong(f"a header is there twice: {text}")
        self._store.requests += 1
        self._world.network.note_try()
        self._world.place("head")
        try:
            return self._begin()
        except RefusedError as e:
            self._refuse(e)
            return False

    def _begin(self) -> bool:
        if self._method == "HEAD" and "authorization" not in self._headers:
            # The board's clock asks without a signature for the Date.
            self._world.ledger.asked_for_the_time()
            self._refuse(RefusedError(403, "AccessDenied", "Access Denied"), is_over=False)
            return True
        self._check()
        if self._method == "GET" and self._key.startswith(self._store.device + "/_update/"):
            return self._give()
        if self._method != "PUT":
            raise RefusedError(403, "AccessDenied", "Access Denied", self._store.region)
        self._length = int(self._headers["content-length"])
        if self._length > _MOST_BYTES:
            raise RefusedError(400, "EntityTooLarge", "too large")
        if "expect" in self._headers:
            if not self._store.flavour.knows_expect:
                raise RefusedError(417, "ExpectationFailed", "Expect is not known")
            self._wire.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._take = self._body
        return True

    def _check(self) -> None:
        store, headers = self._store, self._headers
        for kind, refusal in _REFUSALS.items():
            if self._world.is_on(kind):
                raise RefusedError(*refusal)
        if headers.get("host", "").partition(":")[0] != store.host:
            self._world.wrong(f"the host is {headers.get('host')}")
        try:
            scope = signature.scope_of(headers)
        except signature.SignatureError as e:
            self._world.wrong(str(e))
            raise RefusedError(400, "AuthorizationHeaderMalformed", str(e)) from None
        self._scope = scope
        said_s = calendar.timegm(time.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ"))
        if abs(said_s - self._world.engine.utc()) > _SKEW_S:
            raise RefusedError(403, "RequestTimeTooSkewed", "The difference is too large.")
        if scope.key_id not in store.keys:
            if abs(said_s - self._world.engine.utc()) < _RIGHT_S:
                self._world.setting.check_expiry(scope.key_id)
            raise RefusedError(403, "InvalidAccessKeyId", "The key does not exist.")
        secret, token = store.keys[scope.key_id]
        if headers.get("x-amz-security-token", "") != token:
            raise RefusedError(400, "InvalidToken", "The token is not valid.")
        self._secret = secret
        wanted = signature.signature(self._method, self._path, self._query, headers, secret, scope)
        if wanted != scope.signature:
            self._world.wrong(f"the signature of {self._path} is wrong")
            raise RefusedError(403, "SignatureDoesNotMatch", "it does not match")
        if scope.region != store.region:
            text = f"the region is wrong; expecting '{store.region}'"
            raise RefusedError(400, "AuthorizationHeaderMalformed", text, store.region)
        self._check_place()

    def _check_place(self) -> None:
        store, headers = self._store, self._headers
        if not store.has_bucket:
            raise RefusedError(404, "NoSuchBucket", "The specified bucket does not exist")
        if not self._path.startswith(store.prefix):
            self._world.wrong(f"the path is {self._path}")
        self._key = unquote(self._path[len(store.prefix) :])
        if not self._key.startswith(store.device + "/"):
            raise RefusedError(403, "AccessDenied", "Access Denied")
        mode = headers["x-amz-content-sha256"]
        if not store.flavour.knows_trailers and mode.startswith("STREAMING"):
            raise RefusedError(501, "NotImplemented", "STREAMING is not implemented")
        if "if-none-match" in headers:
            if not store.flavour.knows_condition:
                raise RefusedError(501, "NotImplemented", "If-None-Match is not implemented")
            if self._key in store.objects:
                self._world.ledger.stored_again(self._key)
                raise RefusedError(412, "PreconditionFailed", "a condition did not hold")

    def _give(self) -> bool:
        """Answer a GET of a release or one of its files, which always asks for a range."""
        content = self._store.offered.get(self._key)
        if content is None:
            raise RefusedError(403, "AccessDenied", "Access Denied")
        etag = f'"{hashlib.md5(content).hexdigest()}"'
        if self._headers.get("if-none-match") == etag:
            self._reply(304, f"ETag: {etag}\r\n")
            return True
        first, _, last = self._headers["range"].removeprefix("bytes=").partition("-")
        part = content[int(first) : int(last) + 1]
        if not part:
            raise RefusedError(416, "InvalidRange", "The requested range is not satisfiable")
        endless = self._store.endless.get(self._key)
        if self._world.is_on("silent-reply"):
            self._be_silent()
        elif self._world.is_on("reset-before-reply"):
            self._break()
        elif endless:
            self._never_end(etag, endless, len(part))
        else:
            self._reply(206, f"ETag: {etag}\r\n", part)
            if self._world.is_on("reset-in-body"):
                self._break()
            self._world.place("replied")
        return not self._silent

    def _never_end(self, etag: str, kind: str, size: int) -> None:
        """Begin an answer without an end: a byte now and then, or as much as is taken."""
        is_flood = kind == "flood"
        length = "Transfer-Encoding: chunked" if is_flood else f"Content-Length: {size}"
        self._wire.send(f"HTTP/1.1 206 X\r\nETag: {etag}\r\n{length}\r\n\r\n".encode())
        more = b"400\r\n" + b"?" * 1024 + b"\r\n" if is_flood else b"?"
        self._silent = True

        def _send() -> None:
            if not self._wire.is_lost:
                if len(self._wire.inbox) < _WINDOW_BYTES:
                    self._wire.send(more)
                self._world.engine.after(SECOND // 10 if is_flood else 4 * SECOND, _send)

        _send()

    # The body

    def _body(self) -> bool:
        if not self._buffer and self._length:
            return False
        self._world.place("body")
        if self._world.is_on("reset-in-body"):
            self._break()
            return False
        if len(self._buffer) < self._length:
            return False
        data, self._buffer = self._buffer[: self._length], self._buffer[self._length :]
        self._take = self._head
        try:
            body = signature.body_of(data, self._headers, self._secret, self._scope)
        except signature.SignatureError as e:
            self._world.wrong(str(e))
            self._refuse(RefusedError(400, "MalformedTrailerError", str(e)))
            return False
        except signature.DamagedError as e:
            self._refuse(RefusedError(400, "BadDigest", str(e)))
            return False
        self._keep(body)
        self._confirm(body)
        return not self._silent

    def _confirm(self, body: bytes) -> None:
        if self._world.is_on("reset-before-reply"):
            self._break()
        elif self._world.is_on("silent-reply"):
            self._be_silent()
        else:
            md5 = hashlib.md5(body).hexdigest()
            kms = ""
            etag = md5
            if not self._store.flavour.has_md5:
                kms = "x-amz-server-side-encryption: aws:kms\r\n"
                etag = hashlib.md5(md5.encode()).hexdigest()
            self._reply(200, f'ETag: "{etag}"\r\n{kms}')
            self._world.place("replied")

    def _keep(self, body: bytes) -> None:
        start = "x-amz-meta-"
        headers = self._headers
        metadata = {k[len(start) :]: v for k, v in headers.items() if k.startswith(start)}
        now_us = self._world.engine.now_us
        photo = exif.split(body)[1]
        one = Object(hashlib.sha256(photo).hexdigest(), len(body), now_us, metadata)
        before = self._store.objects.get(self._key)
        self._store.objects[self._key] = one
        self._world.stored(self._store, self._key, one, before, body)
        self._world.place("stored")
