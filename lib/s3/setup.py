"""Sets an S3Client up and finds its bucket; loaded at its start only."""

from https import Connection


class _PlainContext:
    """Plain HTTP in the place of TLS, for a store on this very machine."""

    def wrap_socket(self, raw, server_hostname, do_handshake_on_connect):
        return raw


def set_up(client, integrity):
    """Point a new client at its bucket; choose how bodies are sent, see integrity.py."""
    locate(client)
    from s3 import endpoint

    is_amazon = endpoint.is_aws(client.host.partition(":")[0])
    if integrity == "auto":
        # Not every other store takes aws-chunked bodies; all take them as they are.
        integrity = "checksum" if is_amazon else "etag"
    from s3.integrity import _use

    _use(client, integrity)
    # Amazon takes every mode, and says where ETags are no MD5s.
    client._proof = is_amazon or None


def locate(client):
    """Point the client at its bucket, by endpoint, region and path style; raises ValueError."""
    from s3 import endpoint as where

    endpoint = client.endpoint
    if endpoint is None:
        endpoint = where.amazon(client.region)
    scheme, host, port = where.parts(endpoint)
    is_path = where.is_path(client.bucket, host, client.path_style)
    # Not as patterns: MicroPython would keep each such short text forever.
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
