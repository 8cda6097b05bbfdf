"""Stream objects of known size into S3 over verified TLS, from one small buffer.

context = borrow("tls_context").client_context(roots)
client = S3Client("bucket", "eu-central-1", credentials, context, buf, now)
stored = client.put("cam1/a.jpg", body)  # body: .size and .readinto(buf)
print(stored.etag, client.url("cam1/a.jpg"))
"""

import time

from https import EarlyReplyError, HTTPSError, borrow

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# Above these S3's limits are looked at more closely.
_SHORT_KEY = const(256)
_MAX_METADATA = const(2048)
# After so many blocks the reply is looked for, which costs as much as encrypting 100 bytes.
_LOOK = const(8)


class S3Error(Exception):
    """A request that S3 refused or that did not reach it.

    `code` is S3's word or the phase of the connection, `status` the HTTP status or 0. `action`
    is what the caller can do: retry (also region, redirect and fallback: the client has learned
    better), throttle (after `retry_after_ms`), clock, credentials, stored (an object of that
    name exists), body (its length was not its size) or fatal. With `body_started` False no
    byte of the body was read.
    """

    body_started = False
    retry_after_ms = 0
    # Whether the client has just learned what makes the same request succeed.
    again = False

    def __init__(self, code, status, action, message):
        super().__init__(message)
        self.code = code
        self.status = status
        self.action = action


class Credentials:
    """An AWS key, or a temporary one with its token; shows itself without its secret."""

    def __init__(self, access_key_id, secret_access_key, session_token=None):
        self.access_key_id = access_key_id
        self.secret_access_key = secret_access_key
        self.session_token = session_token

    def __repr__(self):
        return f"Credentials({self.access_key_id})"


class Stored:
    """A stored object; `sent_bytes` counts its body as it went over the wire."""

    def __init__(self, status, etag, sent_bytes):
        self.status = status
        self.etag = etag
        self.sent_bytes = sent_bytes


class S3Client:
    """One bucket. `credentials` has access_key_id, secret_access_key and session_token or None.

    `now()` returns UTC seconds since 1970. `endpoint` is None for AWS or "https://host:port";
    `path_style` None decides by the endpoint. `integrity` is one of s3_setup.MODES, or "auto":
    checksum at AWS, etag elsewhere. `log` is called with a line when something was learned.
    """

    #: Milliseconds for a whole request with its body.
    limit_ms = 60_000
    #: Seconds that the server's clock is ahead of `now`, as learned from a refusal.
    skew_s = 0
    #: Whether the request under way, or the last one, has begun to read its body.
    body_started = False
    #: False once a store has refused `If-None-Match`.
    is_conditional = True
    #: True after a temporary redirect, for one request.
    is_away = False

    def __init__(
        self,
        bucket,
        region,
        credentials,
        context,
        buf,
        now,
        endpoint=None,
        path_style=None,
        integrity="auto",
        clock=time,
        log=None,
    ):
        self.bucket = bucket
        self.credentials = credentials
        self.context = context
        self.buf = self.body_buf = buf
        self._now = now
        self.endpoint = endpoint
        self.path_style = path_style
        self.clock = clock
        self.log = log
        self.region = region
        self._key = {}
        self.connection = self._unsure = None
        borrow("s3_setup").set_up(self, integrity)

    def now(self):
        """Return UTC seconds as the server counts them, as far as it is known."""
        return self._now() + self.skew_s

    def signer(self):
        """Return a Signer, to be let go of again: it keeps code in memory that a body lacks."""
        return borrow("sigv4", "hmac").Signer(self.region, self._key)

    def path(self, key):
        return self.prefix + self.signer().encode(key)

    def url(self, key):
        return self.base + self.path(key)

    def connect(self):
        """Open the connection ahead of the next put."""
        self.attempt(self.connection.connect, b"PUT /", self.limit_ms)

    def close(self):
        self.connection.close()

    def put(self, key, body, content_type="image/jpeg", metadata=(), overwrite=False):
        """Store `body` under `key` and return a Stored; raise S3Error or what the body raises.

        The body is read only when the server has agreed to take it. Nothing is stored unless
        it is exactly `body.size` bytes long. Without `overwrite`, an object of that name stays
        as it is: S3Error with action "stored", or success where an earlier put of this client
        lost the reply. `metadata` is a dict or pairs.
        """
        try:
            stored = self.attempt(self._put, key, body, content_type, metadata, overwrite)
        except S3Error as error:
            if error.action == "stored" and key == self._unsure:
                return Stored(error.status, "", 0)
            if error.body_started:
                self._unsure = key
            raise
        self._unsure = None
        return stored

    def attempt(self, action, *args):
        """Return action(*args), called again after each thing that an error teaches."""
        if self.is_away:
            self.is_away = False
            borrow("s3_setup").locate(self)
        tried = ""
        while True:
            self.body_started = False
            try:
                if hasattr(self.credentials, "renew"):
                    self.credentials.renew(self.connection.close)
                return action(*args)
            except HTTPSError as failure:
                error = S3Error(failure.phase, 0, failure.action, str(failure))
                error.again = self.connection.reused
            except S3Error as refusal:
                error = refusal
            error.body_started = self.body_started
            if error.body_started or not error.again or error.action in tried:
                raise error
            if error.action != "fallback":
                tried += error.action

    def _put(self, key, body, content_type, metadata, overwrite):
        connection = self.connection
        headers = _describe(key, content_type, metadata)
        framing = self.framing(body.size, self.body_buf)
        framing.add_headers(headers)
        if self.is_conditional and not overwrite:
            headers["if-none-match"] = "*"
        signature = self.send_head("PUT", key, "", headers, framing.payload)
        if framing.begin:
            framing.begin(self, headers["x-amz-date"], signature)
        # A reply before the body is a refusal, unless there is no body.
        is_sent = not (connection.expect_continue() and body.size)
        if is_sent:
            self.body_started = True
            is_sent = self._send_body(body, framing)
        if connection.reply() != 200 or not is_sent or "etag" not in connection.headers:
            self.refuse("put", key)
        connection.read()
        etag = connection.headers["etag"]
        if framing.is_intact and not framing.is_intact(connection.headers):
            raise S3Error("BadDigest", 200, "retry", f"{key}: stored as {etag}, not as sent")
        return Stored(200, etag, int(headers["content-length"]))

    def send_head(self, method, key, query, headers, payload):
        """Sign and send a request up to its body; return the signature.

        `query` is encoded already. "" as the key is the bucket itself.
        """
        headers["host"] = self.host
        self.connection.headers = {}  # of the reply before, which would lie beside all of this
        signer = self.signer()
        path = self.prefix + signer.encode(key)
        signature = signer.sign(
            self.credentials, method, path, query, headers, payload, self.now()
        )
        signer = None
        if query:
            path = f"{path}?{query}"
        if method == "PUT":
            headers["expect"] = "100-continue"
        self.connection.request(
            f"{method} {path} HTTP/1.1\r\n".encode(), self.limit_ms, _lines(headers)
        )
        return signature

    def _send_body(self, body, framing):
        """Return whether all of the body went out before the server's reply."""
        send = self.connection.send
        size = body.size
        is_over = False
        try:
            for at in range(0, size, framing.chunk):
                count = min(size - at, framing.chunk)
                send(framing.head(count))
                copy(body, at, count, framing, self.connection)
            send(framing.finish())
            is_over = True
        except EarlyReplyError:
            is_over = True
            return False
        finally:
            if not is_over:
                self.connection.close()
        return True

    def refuse(self, verb, key):
        """Raise the S3Error for the reply that has begun."""
        raise borrow("s3_refusal").refused(self, verb, key)


def copy(body, at, size, framing, connection):
    """Move the next `size` bytes of `body`, those from `at`; the loop allocates nothing.

    The last piece is sent only when the body has no byte more, so that a body of another
    length than its `size` never becomes an object.
    """
    piece = buf = framing.buf
    whole = len(buf)
    last = memoryview(buf)[: size % whole]
    readinto = body.readinto
    update = framing.update
    write = connection.sock.write  # not by connection.send(): a call costs more than what it does
    is_writing = False
    try:
        for done in range(at, at + size, whole):
            if not (done + whole) % (_LOOK * whole):
                connection.check_reply()
            count = readinto(buf)
            if count != whole or done + whole >= body.size:
                whole = _end(body, done, count, whole)
                piece = last or buf
            if update:
                update(piece)
            is_writing = True
            count = write(piece)
            is_writing = False
            if count != whole:
                connection.send(piece, count or 0)
    except OSError as error:
        if not is_writing:
            raise
        connection.fail(error)


def _end(body, at, count, size):
    """Return `count`, the length of the piece from `at` on, if the body ends with it."""
    if count == size:
        count += body.readinto(bytearray(4))
    if at + count != body.size:
        raise S3Error("BodyLength", 0, "body", f"a body of {body.size} gave {at + count} bytes")
    return count


def _lines(headers):
    # One by one: as one text, with its copies, they would take 6 KB of RAM at once.
    for name in headers:
        yield f"{name}: {headers[name]}\r\n".encode()
    yield b"\r\n"


def _describe(key, content_type, metadata):
    """Return the headers that describe an object, or refuse what S3 would not take."""
    headers = {"content-type": content_type}
    for name, value in metadata.items() if hasattr(metadata, "items") else metadata:
        headers["x-amz-meta-" + name.lower()] = str(value)
    # Bytes, because MicroPython would keep each single letter as a text for ever.
    text = ("".join(headers) + "".join(headers.values())).encode()
    if (
        not 0 < len(key) <= _SHORT_KEY
        or len(text) > _MAX_METADATA
        or not 32 <= min(text) <= max(text) <= 126
    ):
        borrow("s3_limits").check(key, content_type, metadata)
    return headers
