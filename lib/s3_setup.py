"""Sets an S3Client up: where its bucket is and how bodies are sent; loaded at its start only.

AWS: "Virtual hosting of general purpose buckets".
"""

from https import Connection, borrow

#: Modes of `integrity`, strongest first; a store that refuses one gets the next. "none" computes
#: nothing over the body, and only who asks for it gets it.
MODES = ("signed-checksum", "signed", "checksum", "etag", "none")
_AWS = ".amazonaws.com"
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
        integrity = "checksum" if _AWS in client.host else "etag"
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
    """Point the client at its bucket, by endpoint, region and path style."""
    endpoint = client.endpoint
    if endpoint is None:
        region = client.region
        endpoint = f"https://s3.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"
    scheme, _, host = endpoint.rstrip("/").partition("://")
    host, _, port = host.partition(":")
    if scheme not in ("http", "https") or not host or not (port + "0").isdigit():
        raise ValueError(f"endpoint {endpoint}: write https://host or https://host:port")
    is_path = client.path_style
    if is_path is None:
        # A wildcard certificate does not cover a dot in the bucket's name.
        is_path = "." in client.bucket or _AWS not in host
    # Not as patterns: MicroPython would keep each such short text for ever.
    client.prefix = "/" + client.bucket + "/" if is_path else "/"
    _go_to(client, scheme, host if is_path else client.bucket + "." + host, port)


def _go_to(client, scheme, host, port):
    """Let the client talk to this host; `port` is text and empty for the usual one."""
    usual = 443 if scheme == "https" else 80
    port = int(port or usual)
    client.host = host if port == usual else host + ":" + str(port)
    client.base = scheme + "://" + client.host
    if client.connection:
        client.connection.close()
    context = client.context
    if scheme == "http":
        if host != "localhost" and not host.startswith("127."):
            raise ValueError(f"plain http to {host} refused: use https")
        context = _PlainContext()
    client.connection = Connection(host, port, context, client.buf, client.clock)
