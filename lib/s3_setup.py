"""Sets an S3Client up: where its bucket is and how bodies are sent; loaded at its start only."""

from https import Connection, borrow

#: Modes of `integrity`, strongest first; a store that refuses one gets the next. "none" computes
#: nothing over the body, and only who asks for it gets it.
MODES = ("signed-checksum", "signed", "checksum", "etag", "none")
_FRAMINGS = (
    "aws_chunked_signed.TrailerFraming",
    "aws_chunked_signed.Framing",
    "aws_chunked.Framing",
    "unsigned_payload.ETagFraming",
    "unsigned_payload.Framing",
)


class _PlainContext:
    """Plain HTTP in the place of TLS, for a store on this very machine."""

    def wrap_socket(self, raw, server_hostname, do_handshake_on_connect):
        return raw


def set_up(client, integrity):
    """Point a new client at its bucket and choose how bodies are sent: one of MODES, or "auto"."""
    locate(client)
    if integrity == "auto":
        # Not every other store takes aws-chunked bodies; all take them as they are.
        host = client.host.partition(":")[0]
        integrity = "checksum" if borrow("s3_where").is_aws(host) else "etag"
    if integrity not in MODES:
        raise ValueError(f"integrity {integrity}: one of auto, {', '.join(MODES)}")
    _use(client, integrity)


def _use(client, integrity):
    """Send bodies in this mode, one of MODES, from now on."""
    client.integrity = integrity
    module, _, framing = _FRAMINGS[MODES.index(integrity)].partition(".")
    module = borrow(module)
    # Bodies go through the caller's buffer unless the mode needs a larger one.
    least = getattr(module, "CHUNK", 0)
    if not least:
        client.body_buf = client.buf
    elif len(client.body_buf) < least:
        client.body_buf = bytearray(least)
    client.framing = getattr(module, framing)


def locate(client):
    """Point the client at its bucket, by endpoint, region and path style; raises ValueError."""
    where = borrow("s3_where")
    endpoint = client.endpoint
    if endpoint is None:
        endpoint = where.amazon(client.region)
    scheme, host, port = where.parts(endpoint)
    is_path = where.is_path(client.bucket, host, client.path_style)
    # Not as patterns: MicroPython would keep each such short text for ever.
    client.prefix = "/" + client.bucket + "/" if is_path else "/"
    _go_to(client, scheme, host if is_path else client.bucket + "." + host, port)


def _go_to(client, scheme, host, port):
    """Let the client talk to this host; `port` is None for the usual one."""
    client.host = host + ":" + str(port) if port else host
    client.base = scheme + "://" + client.host
    if client.connection:
        client.connection.close()
    is_plain = scheme == "http"  # to this very machine only
    context = _PlainContext() if is_plain else client.context
    port = port or (80 if is_plain else 443)
    client.connection = Connection(host, port, context, client.buf, client.clock)
