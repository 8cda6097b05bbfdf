"""Stream objects of known size into S3 over verified TLS, from one small buffer.

context = tls_context.client_context(roots)
client = S3Client("bucket", "eu-central-1", credentials, context, buf, now)
stored = client.put("cam1/a.jpg", body)  # body: .size and .readinto(buf)
print(stored.etag, client.url("cam1/a.jpg"))
"""

import time

from https import HTTPSError


class S3Error(Exception):
    """A request that S3 refused or that did not reach it.

    `code` is S3's word or the phase of the connection, `status` the HTTP status or 0. `action`
    is what the caller can do: retry (also region, redirect and fallback: the client has learned
    better), throttle (after `retry_after_ms`), portal (a certificate that may be that of a page
    to log in; later), clock, credentials, stored (an object of that
    name exists), object (this one is refused, too large for example; others may go), body (its
    length was not its size) or fatal. With `body_started` False no byte of the body was read.
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
    `path_style` None decides by the endpoint. `integrity` is one of s3_integrity.MODES, or "auto":
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
    #: Milliseconds that a body waits for `100 Continue`; 0 once a server has refused to be asked
    #: (417): then it is sent at once, and a refusal costs the photo.
    expect_continue = 1000
    #: True once a body was stored whose sum the store has compared or returned; else the key of
    #: the last one that has another ETag than its MD5, or None.
    _proof = None
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
        self.connection = None
        from s3 import setup

        setup.set_up(self, integrity)

    def now(self):
        """Return UTC seconds as the server counts them, as far as it is known."""
        return self._now() + self.skew_s

    def signer(self):
        """Return a Signer, to be let go of again: it keeps code in memory that a body lacks."""
        import sigv4

        return sigv4.Signer(self.region, self._key)

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
        as it is: S3Error with action "stored". `metadata` is a dict or pairs.

        `overwrite` None is for what may be stored already, under a name that is given to nothing
        else: an object there is kept where the store has compared it with what was sent, else
        replaced. So put again what broke off; after the body has begun, give one with seek().
        """
        try:
            return self.attempt(self._put, key, body, content_type, metadata, overwrite)
        except S3Error as error:
            if overwrite is not None or error.action != "stored":
                raise
            there = error
        from s3.overwrite import _settle

        return _settle(self, there, key, body, content_type, metadata)

    def attempt(self, action, *args):
        """Return action(*args), called again after each thing that an error teaches."""
        if self.is_away:
            self.is_away = False
            from s3 import setup

            setup.locate(self)
        tried = ""
        while True:
            self.body_started = False
            self.connection.headers = {}  # of the reply before: up to 1 KB
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
            error = None  # half a KB

    def _put(self, key, body, *args):
        # One after the other: each takes as much memory as there is.
        from s3 import describe

        headers, framing = describe.describe(self, key, body, *args)
        signature = self.send_head("PUT", key, "", headers, framing.payload)
        from s3 import put

        stored = put.put(self, key, body, framing, headers, signature)
        if not stored:
            headers = framing = None
            self.refuse("put", key)
        return stored

    def send_head(self, *args):
        """Sign and send a request up to its body; return the signature.

        Takes method, key, query, headers and payload. `query` is encoded already. "" as the key
        is the bucket itself.
        """
        from s3 import request

        return request.send_head(self, *args)

    def refuse(self, verb, key):
        """Raise the S3Error for the reply that has begun."""
        from s3 import refusal

        raise refusal.refused(self, verb, key)
