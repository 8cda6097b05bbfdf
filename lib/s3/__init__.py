"""Stream objects of known size into S3 over verified TLS, from one small buffer.

context = tls_context.client_context(roots)
client = S3Client("bucket", "eu-central-1", credentials, context, buf, now)
status, etag, sent_bytes = client.put("cam1/a.jpg", body)  # body: .size and .readinto(buf)
print(etag, client.url("cam1/a.jpg"))
"""

import time

from https import HTTPSError


class S3Error(Exception):
    """A request that S3 refused or that did not reach S3.

    `code` is S3's error code or the phase of the connection, `status` the HTTP status or 0. If
    `body_started` is False, no byte of the body was read. `action` says what the caller can do:

    retry         try again; also region, redirect and fallback: the client has adjusted itself
    throttle      try again after `retry_after_ms`
    portal        try later: the certificate may be that of a captive portal
    clock         set the clock
    credentials   get other credentials
    stored        nothing: an object with this key exists
    object        give up this object, too large for example; others may be accepted
    body          give up this body: its length was not its size
    fatal         give up: it cannot succeed until somebody changes something
    """

    body_started = False
    retry_after_ms = 0
    # Whether the client has just learned how to make the same request succeed.
    again = False

    def __init__(self, code, status, action, message):
        super().__init__(message)
        self.code = code
        self.status = status
        self.action = action


class Credentials:
    """An AWS key, or a temporary one with its token; repr() leaves out the secret."""

    def __init__(self, access_key_id, secret_access_key, session_token=None):
        self.access_key_id = access_key_id
        self.secret_access_key = secret_access_key
        self.session_token = session_token

    def __repr__(self):
        return f"Credentials({self.access_key_id})"


class S3Client:
    """A client for one bucket.

    `credentials` has access_key_id, secret_access_key and session_token (or None). `now()` returns
    UTC seconds since 1970. `endpoint` is None for AWS, or "https://host:port"; with `path_style`
    None the endpoint decides. `integrity` is one of s3.integrity.MODES, or "auto": checksum for
    AWS, etag elsewhere. `log` is called with a line when the client has adjusted itself.
    """

    #: Milliseconds for a complete request with its body.
    limit_ms = 60_000
    #: Seconds by which the server's clock is ahead of `now`, as learned from a refusal.
    skew_s = 0
    #: Whether the current or last request has begun to read its body.
    body_started = False
    #: False once a store has refused `If-None-Match`.
    is_conditional = True
    #: Milliseconds to wait for `100 Continue` before the body; 0 once a server has refused the
    #: `Expect` header (417). Then the body is sent at once, and a refusal loses the photo.
    expect_continue = 1000
    #: True once the store has verified or returned the checksum of a stored body. Otherwise the
    #: key of the last object whose ETag is not its MD5, or None.
    _proof = None
    #: True after a temporary redirect, for one request.
    is_away = False
    #: A class that encodes bodies instead of that of `integrity`, like those of unsigned_payload.
    framing = None

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
        """Return UTC seconds since 1970 by the server's clock, as far as its offset is known."""
        return self._now() + self.skew_s

    def path(self, key):
        from uri_encode import uri_encode

        return self.prefix + uri_encode(key)

    def url(self, key):
        return self.base + self.path(key)

    def connect(self):
        """Open the connection ahead of the next put()."""
        self.attempt(self.connection.connect, b"PUT /", self.limit_ms)

    def close(self):
        self.connection.close()

    def put(self, key, body, content_type="image/jpeg", metadata=(), overwrite=False):
        """Store `body` under `key`; return (status, ETag, bytes of the body as sent).

        Raises S3Error, or what the body raises. The body is read only after the server has agreed
        to take it. Nothing is stored unless it is exactly `body.size` bytes long. Without
        `overwrite`, an existing object stays as it is, and S3Error with action "stored" is raised.
        `metadata` is a dict, pairs, or a string or bytes with a line NAME=VALUE for each. Bytes in
        order of name take the least memory, because they are not copied.

        Pass `overwrite` None to repeat a put that broke off, under a key that no other object
        uses: an existing object is kept if the store has verified its checksum, else replaced.
        If the first put had read from the body, the body needs seek().
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
        """Return action(*args), repeated after each error that the client can adjust itself to."""
        if self.is_away:
            self.is_away = False
            from s3 import setup

            setup.locate(self)
        tried = ""
        while True:
            self.body_started = False
            self.connection.headers = {}  # frees those of the last reply: up to 1 KB
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
            error = None  # frees half a KB

    def _put(self, key, body, *args):
        # One module at a time: each takes nearly all the memory there is.
        from s3 import describe

        path, headers, payload = describe.describe(self, key, body, *args)
        sent_bytes = int(headers["content-length"])
        signed = self.send_head("PUT", path, "", headers, payload)
        connection = self.connection
        proof = None
        # A reply before the body is a refusal, unless there is no body.
        if not (connection.expect_continue(self.expect_continue) and body.size):
            from s3 import put

            proof = put.send(self, body, *signed)
        if connection.reply() != 200 or proof is None or "etag" not in connection.headers:
            self.refuse("put", key)
        connection.read()
        from s3 import stored

        return 200, stored.check(self, key, proof), sent_bytes

    def send_head(self, method, path, query, headers, payload):
        """Sign and send a request up to its body; return its date and its signature.

        `path` and `query` must be encoded, see path(); `headers` is a dict, which is used up;
        `payload` is the x-amz-content-sha256.
        """
        headers["host"] = self.host
        key = self.credentials
        # One half after the other: next to that of HMAC there would be little room.
        from canonical_request import prepare

        begin, text = prepare(self.region, key, method, path, query, headers, payload, self.now())
        from signing_key import sign

        text = sign(key.secret_access_key, text, self._key)
        if query:
            path += "?" + query
        from s3 import request

        return request.send(self, method, headers, path, begin, text)

    def refuse(self, verb, key):
        """Raise the S3Error for the reply that has begun to arrive."""
        from s3 import refusal

        raise refusal.refused(self, verb, key)
