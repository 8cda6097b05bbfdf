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

# No progress for this long is an error, even before the request's own deadline.
_STALL_MS = const(10_000)
# A server that stops reading may have answered already; check for a reply after this long.
_STUCK_MS = const(1_000)


class HTTPSError(Exception):
    """A request that got no complete reply.

    `phase` is where it failed: dns, connect, tls, request, body or reply. `action` is "retry",
    "fatal", or for a rejected certificate "clock" or "portal" (the certificate may be that of a
    captive portal, so a later attempt may succeed).
    """

    def __init__(self, phase, text, action):
        super().__init__(text)
        self.phase = phase
        self.action = action


class EarlyReplyError(Exception):
    """The server answered before the body was sent; the reply can be read as usual."""


class Connection:
    """One connection to one server, opened when needed and kept for the next request.

    The caller provides `buf`; it is used only while no body is being sent. A header line must
    fit into it.
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
        self.status = self._start = self._limit = 0
        self.reused = self._is_clean = self._is_head = False

    def connect(self, first, limit_ms):
        """Open the connection ahead of time; the next request will begin with `first`, b"PUT /".

        Sending those bytes drives the handshake, so that the deadline covers it too.
        """
        self.request(first, limit_ms)
        self._first = first
        self.be_idle()

    def request(self, head, limit_ms, more=()):
        """Send the head of a request; the whole request must end within `limit_ms`.

        `more` yields the bytes that follow `head`; they are gathered in the buffer.
        """
        from https import request

        request.send_head(self, head, limit_ms, more)

    def be_idle(self):
        """Keep the connection open for the next request."""
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
            # After a failed handshake the TLS socket no longer owns the raw one.
            self._raw.close()

    def fail(self, error):
        """Raise the HTTPSError for an OSError, or for the ValueError of a certificate."""
        self.close()  # frees memory that the error text may need
        try:
            from https import errors

            self.stop(*errors.explain(error, self.phase))
        except MemoryError:  # an error text is not worth a photo
            self.stop(f"the error has number {getattr(error, 'errno', 0)}")

    def stop(self, text, action="retry"):
        """Close, forget the address, and raise an HTTPSError."""
        self.close()
        self._address = None
        raise HTTPSError(self.phase, f"{self.phase} {self.host}: {text}", action)

    def _left(self):
        """Return how many ms the request may still take; raise HTTPSError if none are left."""
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
        """Send all of `data`, starting at `done`; allocates nothing."""
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
        """Raise EarlyReplyError if the server has answered before the end of the body.

        This always checks the request's deadline; send() does so only when it has to wait.
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
            # The buffer holds the unsent bytes. Reading a reply now overwrites them, so nothing
            # more can be sent, even if the reply was only a late `100 Continue`.
            if self.phase == "body" and self._has_reply():
                self.check_reply()
                break
        self.stop("server stopped reading")

    def _has_reply(self):
        """Return whether a reply has begun; its bytes are read into the buffer."""
        if self.at < self.end:
            return True
        return self._is_ready(select.POLLIN, 0) and self._reading().fill(self, 0) != 0

    def expect_continue(self, wait_ms=1000):
        """Wait for `100 Continue`; return the status of a refusal, or 0 to send the body now.

        RFC 9110, 10.1.1: if the server stays silent, the client sends the body anyway.
        """
        from https import reply

        return reply.expect_continue(self, wait_ms)

    def reply(self):
        """Return the status of the final reply; `headers` has its headers in ASCII, up to 4 KB."""
        self.phase = "reply"
        if self.status < 200:
            # Not by _reading(): one call deeper, old frames still refer to the request's code.
            if not self._reader:
                from https import reply

                self._reader = reply
            self._reader.read_final(self)
        return self.status

    def _reading(self):
        # Stays loaded until the reply has been read.
        if not self._reader:
            from https import reply

            self._reader = reply
        return self._reader

    def read(self, dest=b"", most=None):
        """Read the reply's body into `dest`, discard what does not fit, and return its length.

        With `most`, `dest` is a function that gets so many bytes at most, in memoryviews of `buf`
        that are valid only during the call.
        """
        self.phase = "reply"
        if self._is_head or self.headers.get("content-length") == "0":
            self._reading().end(self)
            self._reader = None
            return 0
        self._reader = None  # frees the code for the head: a body needs more than that
        from https import body

        return body.read(self, dest, most)
