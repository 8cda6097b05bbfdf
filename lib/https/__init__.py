"""HTTP/1.1 over verified TLS in one small buffer, with a deadline on every wait.

context = tls_context.client_context(roots)  # roots: DER certificates
connection = Connection("example.com", 443, context, bytearray(4092))
connection.request(b"GET / HTTP/1.1\\r\\nHost: example.com\\r\\n\\r\\n", 20_000)
status = connection.reply()
length = connection.read(page)  # page: a bytearray
"""

import select
import time

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# S3 drops a connection that has been idle for 5 to 20 s; the AWS SDKs stop at 5 s too.
_REUSE_MS = const(5_000)
# No progress for so long is an error, whatever the request's own deadline says.
_STALL_MS = const(10_000)
# A server that stops reading may have answered already; look after so long.
_STUCK_MS = const(1_000)


class HTTPSError(Exception):
    """A request without a whole reply.

    `phase` is how far it came: dns, connect, tls, request, body or reply. `action` is "retry",
    for a refused certificate "clock" or "portal" (it may be that of a page to log in, and go
    away), or "fatal".
    """

    def __init__(self, phase, text, action):
        super().__init__(text)
        self.phase = phase
        self.action = action


class EarlyReplyError(Exception):
    """The server answered before the body was sent; the reply can be read as usual."""


class Connection:
    """One connection to one server, opened when needed and kept for the next request.

    `buf` is the caller's and is used only while no body is being sent; no header line may be
    longer.
    """

    def __init__(self, host, port, context, buf, clock=time):
        self.host = host
        self._port = port
        self._context = context
        self._buf = buf
        self.view = memoryview(buf)
        self._clock = clock
        self._address = self.sock = self._reader = None
        self._first = b""
        self.phase = ""
        self.status = 0
        self.reused = self._is_clean = False

    def connect(self, first, limit_ms):
        """Open ahead of time; `first` is how the next request will begin, such as b"PUT /".

        Those bytes drive the handshake, so that it too keeps to the deadline.
        """
        self.request(first, limit_ms)
        self._first = first
        self._be_idle()

    def request(self, head, limit_ms, more=()):
        """Send the head of a request, all of which must end within `limit_ms`.

        `more` yields what comes after the bytes of `head`; it is gathered in the buffer.
        """
        self._start = self._clock.ticks_ms()
        self._limit = limit_ms
        first = self._first
        self.reused = (
            self._is_clean
            and self._elapsed(self._idle_since) < _REUSE_MS
            and head.startswith(first)
            and not self._is_ready(select.POLLIN, 0)
        )
        if not self.reused:
            first = b""
            from https import connect

            connect.open_connection(self)
        self._is_clean = False
        self._first = b""
        self._is_head = head[:5] == b"HEAD "
        self.status = 0
        self.send(head, len(first))
        self._send_gathered(more)
        self.phase = "request"

    def _send_gathered(self, pieces):
        # A reply that comes meanwhile is read over them: it refuses what it has not seen whole.
        at = 0
        for piece in pieces:
            if at + len(piece) > len(self._buf):
                self.send(self.view[:at])
                at = 0
            if len(piece) > len(self._buf):
                self.send(piece)
            else:
                self._buf[at : at + len(piece)] = piece
                at += len(piece)
        if at:
            self.send(self.view[:at])

    def _be_idle(self):
        self._is_clean = True
        self._idle_since = self._clock.ticks_ms()

    def _elapsed(self, since):
        return self._clock.ticks_diff(self._clock.ticks_ms(), since)

    def close(self):
        """Close the socket, if there is one; the next request opens a new one."""
        sock = self.sock
        self.sock = self._reader = None
        self._is_clean = False
        if sock:
            sock.close()
            # After a failed handshake the TLS socket has let go of it.
            self._raw.close()

    def fail(self, error):
        """Raise the HTTPSError for an OSError, or for the ValueError of a certificate."""
        self.close()  # what it held may be what the words need
        try:
            from https import errors

            self.stop(*errors.explain(error, self.phase))
        except MemoryError:  # no words are worth a photo
            self.stop(f"the error has number {getattr(error, 'errno', 0)}")

    def stop(self, text, action="retry"):
        """Close, forget the address, and raise an HTTPSError."""
        self.close()
        self._address = None
        raise HTTPSError(self.phase, f"{self.phase} {self.host}: {text}", action)

    def _left(self):
        """Return how many ms the request may still take, and end it when there are none."""
        left = self._limit - self._elapsed(self._start)
        if left <= 0:
            self.stop(f"not done within {self._limit} ms")
        return left

    def _is_ready(self, flags, wait_ms):
        self._poller.modify(self.sock, flags)
        for _ in self._poller.ipoll(wait_ms):
            return True
        return False

    def send(self, data, done=0):
        """Send all of `data`, from `done` on; allocates nothing."""
        while done < len(data):
            try:
                count = self.sock.write(data, done, len(data))
            except (OSError, ValueError) as error:
                self.fail(error)
            if count:
                done += count
            else:
                self._wait_writable()

    def check_reply(self):
        """Raise EarlyReplyError when the server has answered before the end of the body.

        Sending looks at the request's deadline only where it has to wait; this always does.
        """
        self._left()
        while self._has_reply():
            if self._reading().read_head(self) >= 200:
                self.headers["connection"] = "close"
                raise EarlyReplyError

    def _wait_writable(self):
        for _ in range(_STALL_MS // _STUCK_MS):
            if self._is_ready(select.POLLOUT, min(self._left(), _STUCK_MS)):
                return
            # The buffer holds the unsent bytes: a reply that is read now replaces them, so that
            # nothing more can be sent even if it was only a late `100 Continue`.
            if self.phase == "body" and self._has_reply():
                self.check_reply()
                break
        self.stop("server stopped reading")

    def _has_reply(self):
        """Tell whether a reply has begun; its bytes are read into the buffer."""
        return self.at < self.end or (self._is_ready(select.POLLIN, 0) and self.fill(0) != 0)

    def expect_continue(self, wait_ms=1000):
        """Wait for `100 Continue`; return the status of a refusal, else 0: send the body now.

        RFC 9110, 10.1.1: a server that stays silent is sent the body all the same.
        """
        return self._reading().expect_continue(self, wait_ms)

    def reply(self):
        """Return the status of the final reply; `headers` has those that matter."""
        self.phase = "reply"
        if self.status < 200:
            self._reading().read_final(self)
        self._reader = None
        return self.status

    def _reading(self):
        # From before a body to after it: a reply must not get lost for want of memory.
        if not self._reader:
            from https import reply

            self._reader = reply
        return self._reader

    def read(self, dest=b""):
        """Read the reply's body into `dest`, drop what does not fit, and return its length."""
        self.phase = "reply"
        total = 0
        if not self._is_head and self.headers.get("content-length") != "0":
            from https import body

            total = body.read_body(self, dest)
        # Bytes after the end of the reply belong to no request of ours.
        if self.at < self.end or self.headers.get("connection", "").lower() == "close":
            self.close()
        elif self.sock:
            self._be_idle()
        return total

    def line(self):
        """Return the next line without its end."""
        while True:
            end = self._buf.find(b"\n", self.at, self.end)
            if end >= 0:
                line = bytes(self.view[self.at : end]).rstrip(b"\r")
                self.at = end + 1
                return line
            if self.end - self.at == len(self._buf):
                self.stop("headers too long")
            self.more()

    def more(self):
        count = self.fill(_STALL_MS)
        if count <= 0:
            self.stop("connection closed" if count else f"silent for {_STALL_MS} ms")

    def fill(self, wait_ms):
        """Read more into the buffer; return the count, 0 after `wait_ms`, -1 at the end."""
        if self.at == self.end:
            self.at = self.end = 0
        elif self.end == len(self._buf):
            self.end -= self.at
            self._buf[: self.end] = bytes(self.view[self.at :])
            self.at = 0
        while True:
            left = self._left()
            try:
                count = self.sock.readinto(self.view[self.end :])
            except (OSError, ValueError) as error:
                self.fail(error)
            if count is not None:
                self.end += count
                return count or -1
            if not self._is_ready(select.POLLIN, min(left, wait_ms)):
                return 0
