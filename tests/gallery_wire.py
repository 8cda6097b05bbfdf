"""An S3 server on loopback for the gallery and the digest: lists, gets, puts, deletes, fails.

It speaks HTTP as S3 does and records the requests. It does not check signatures; the store of
e2e/test_demo_gallery.py does. It can have a million keys, computed by index instead of stored.
"""

import bisect
import contextlib
import hashlib
import io
import re
import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from email.utils import formatdate
from functools import lru_cache
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import boto3
import botocore.config
import quick_botocore  # noqa: F401
from PIL import Image, ImageDraw
from servers.threaded import ThreadedServer

BUCKET = "photos"
_PART_BYTES = 64 << 10


class EveryThirtySeconds(Sequence):
    """The sorted keys of a device that never missed a shot; computed, not stored."""

    def __init__(self, device: str, first: datetime, count: int):
        self._device, self._first, self._count = device, first, count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> str:
        if not 0 <= index < self._count:
            raise IndexError(index)
        moment = self._first + timedelta(seconds=30 * index)
        return f"{self._device}/{moment:%Y/%m/%d/%H%M%S}-{index:06d}.jpg"


class WireS3:
    """The server; `objects` maps a key to (bytes, metadata). `keys`, if set, is what it lists."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, dict[str, str]]] = {}
        self.keys: Sequence[str] | None = None
        self.filler = b""
        self.archived: set[str] = set()
        self.asked: list[str] = []
        self.ranges: list[str] = []
        self.sent_bytes = 0
        self.refusal: tuple[int, str] | None = None
        self.throttled = 0
        self.conditions = True
        self.hides = False  # as to a role that may list only a prefix: 403 for what is missing
        self.written: dict[str, float] = {}
        self.delay_s = 0.0
        self.speaks = threading.Event()  # while it is not set, requests get no answer
        self.speaks.set()
        self.port = 0
        self._client: Any = None
        self._server: ThreadedServer | None = None

    def __enter__(self) -> "WireS3":
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen; after a stop(), on the same port as before."""
        handler = type("Handler", (_Handler,), {"s3": self})
        self._server = ThreadedServer(("127.0.0.1", self.port), handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Stop listening, and cut the connections that are open."""
        self.speaks.set()
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def is_up(self) -> bool:
        return self._server is not None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self):
        """Return a boto3 client, always the same one, as making one takes long."""
        self._client = self._client or client(self.endpoint)
        return self._client

    def put(self, key: str, data: bytes, **metadata: str) -> None:
        self.objects[key] = (data, metadata)

    def sorted_keys(self) -> Sequence[str]:
        return self.keys if self.keys is not None else sorted(self.objects)

    def count(self, what: str) -> int:
        return sum(line.startswith(what) for line in self.asked)


def client(endpoint: str):
    config = botocore.config.Config(
        proxies={},
        s3={"addressing_style": "path"},
        connect_timeout=2,
        read_timeout=4,
        retries={"mode": "standard", "total_max_attempts": 1},
        max_pool_connections=16,
        signature_version="s3v4",
    )
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="AKIAEXAMPLE",
        aws_secret_access_key="example",
        config=config,
    )


def key_of(device: str, moment: datetime, seq: int) -> str:
    return f"{device}/{moment:%Y/%m/%d/%H%M%S}-{seq:06d}.jpg"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


@lru_cache(maxsize=256)
def jpeg(shade: int = 90, fox: int | None = None, size: tuple[int, int] = (320, 240)) -> bytes:
    """Return a meadow under a sky of `shade`, with an animal at x = `fox` (in hundredths)."""
    width, height = size
    picture = Image.new("RGB", size, (shade, shade, min(255, shade + 40)))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, height * 0.6, width, height), fill=(shade // 2, shade * 3 // 4, shade // 3))
    draw.polygon(
        [(0, height * 0.6), (width * 0.3, height * 0.3), (width * 0.6, height * 0.6)], fill=60
    )
    if fox is not None:
        x, y = width * fox // 100, height * 7 // 10
        draw.ellipse((x, y, x + width // 8, y + height // 8), fill=(220, 110, 40))
    made = io.BytesIO()
    picture.save(made, "JPEG", quality=80)
    return made.getvalue()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Or each body would wait 40 ms, until the client has acknowledged the head before it.
    disable_nagle_algorithm = True
    s3: WireS3

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _answer(self) -> None:
        if not self.s3.is_up:
            self.close_connection = True
            return
        parts = urlsplit(self.path)
        key = unquote(parts.path).removeprefix(f"/{BUCKET}").removeprefix("/")
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.s3.asked.append(f"{self.command} {key} {parts.query}")
        time.sleep(self.s3.delay_s)
        self.s3.speaks.wait()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.s3.refusal:
                self._refuse(*self.s3.refusal)
            elif self.s3.throttled:
                self.s3.throttled -= 1
                self._refuse(503, "SlowDown")
            elif self.command == "PUT":
                self._put(key, body)
            elif self.command == "POST" and "delete" in parts.query:
                for doomed in re.findall(r"<Key>(.*?)</Key>", body.decode()):
                    self.s3.objects.pop(doomed, None)
                self._send(200, b"<DeleteResult/>", {"Content-Type": "application/xml"})
            elif not key:
                self._send(200, _listing(self.s3, query), {"Content-Type": "application/xml"})
            else:
                self._object(key)

    def _put(self, key: str, body: bytes) -> None:
        """See https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html."""
        there = self.s3.objects.get(key)
        none, match = self.headers.get("If-None-Match"), self.headers.get("If-Match")
        if (none or match) and not self.s3.conditions:
            return self._refuse(501, "NotImplemented")
        if match and not there:
            return self._refuse(404, "NoSuchKey")
        if (none and there) or (match and match != _etag(there)):
            return self._refuse(412, "PreconditionFailed")
        begin = "x-amz-meta-"
        named = {name.lower(): value for name, value in self.headers.items()}
        metadata = {n[len(begin) :]: v for n, v in named.items() if n.startswith(begin)}
        self.s3.objects[key] = (body, metadata)
        self.s3.written[key] = time.time()
        return self._send(200, b"", {"ETag": _etag(self.s3.objects[key])})

    def _object(self, key: str) -> None:
        if self.command == "DELETE":
            self.s3.objects.pop(key, None)
            return self._send(204, b"")
        if key in self.s3.archived and self.command == "GET":
            return self._refuse(403, "InvalidObjectState")
        data, metadata = self.s3.objects.get(key, (self.s3.filler, {}))
        self.s3.ranges += self.headers.get_all("Range", [])
        if not data and key not in self.s3.objects:
            refusal = (403, "AccessDenied") if self.s3.hides else (404, "NoSuchKey")
            return self._refuse(*refusal)
        headers = {f"x-amz-meta-{name}": value for name, value in metadata.items()}
        headers |= {"ETag": _etag((data, metadata)), "Last-Modified": formatdate(usegmt=True)}
        return self._send(200, data, headers)

    def _refuse(self, status: int, code: str) -> None:
        body = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
        self._send(status, body, {"Content-Type": "application/xml"})

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        for start in range(0, len(body) if self.command != "HEAD" else 0, _PART_BYTES):
            self.wfile.write(body[start : start + _PART_BYTES])
            self.s3.sent_bytes += _PART_BYTES


def _etag(there: tuple[bytes, dict[str, str]] | None) -> str:
    return f'"{hashlib.md5(there[0]).hexdigest()}"' if there else ""


def _item(s3: WireS3, key: str, size: int) -> str:
    written = datetime.fromtimestamp(s3.written.get(key, 0), timezone.utc)
    return (
        f"<Contents><Key>{quote(key)}</Key><Size>{size}</Size>"
        f"<ETag>{quote(_etag(s3.objects.get(key)))}</ETag>"
        f"<LastModified>{written:%Y-%m-%dT%H:%M:%S}.000Z</LastModified></Contents>"
    )


def _listing(s3: WireS3, query: dict[str, str]) -> bytes:
    """See https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html."""
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    keys, limit = s3.sorted_keys(), int(query.get("max-keys", 1000))
    after = query.get("continuation-token") or query.get("start-after", "")
    index = max(bisect.bisect_left(keys, prefix), bisect.bisect_right(keys, after))
    parts: list[str] = []
    last = ""
    while index < len(keys) and keys[index].startswith(prefix) and len(parts) < limit:
        key = keys[index]
        rest = key[len(prefix) :]
        if delimiter and delimiter in rest:
            folder = prefix + rest[: rest.index(delimiter) + 1]
            parts.append(f"<CommonPrefixes><Prefix>{quote(folder)}</Prefix></CommonPrefixes>")
            last = folder + "\U0010ffff"
            index = bisect.bisect_left(keys, last)
        else:
            size = len(s3.objects[key][0]) if key in s3.objects else len(s3.filler)
            parts.append(_item(s3, key, size))
            last = key
            index += 1
    more = index < len(keys) and keys[index].startswith(prefix)
    token = f"<NextContinuationToken>{quote(last)}</NextContinuationToken>" if more else ""
    return (
        f"<ListBucketResult><Name>{BUCKET}</Name><EncodingType>url</EncodingType>"
        f"<IsTruncated>{str(more).lower()}</IsTruncated>{token}{''.join(parts)}</ListBucketResult>"
    ).encode()
