"""Set up an S3Client and locate its bucket; loaded at its start and when that changes."""

from https import Connection


class _PlainContext:
    """Plain HTTP instead of TLS, for a store on this machine only."""

    def wrap_socket(self, raw, server_hostname, do_handshake_on_connect):
        return raw


def set_up(client, integrity):
    """Point a new client at its bucket and choose how it sends bodies, see integrity.py."""
    locate(client)
    from s3 import endpoint

    is_amazon = endpoint.is_aws(client.host.partition(":")[0])
    if integrity == "auto":
        # Not every other store accepts aws-chunked bodies; all accept plain ones.
        integrity = "checksum" if is_amazon else "etag"
    from s3.integrity import _use

    _use(client, integrity)
    # AWS accepts every mode, and its replies say when an ETag is no MD5.
    client._proof = is_amazon or None


def locate(client):
    """Point the client at its bucket, by endpoint, region and path style; raises ValueError."""
    from s3 import endpoint as where

    endpoint = client.endpoint
    if endpoint is None:
        endpoint = where.amazon(client.region)
    scheme, host, port = where.parts(endpoint)
    is_path = where.is_path(client.bucket, host, client.path_style)
    # No format strings: MicroPython would intern each such short string forever.
    client.prefix = "/" + client.bucket + "/" if is_path else "/"
    _go_to(client, scheme, host if is_path else client.bucket + "." + host, port)


def _go_to(client, scheme, host, port):
    """Let the client use this host; `port` is None for the default port."""
    client.host = host + ":" + str(port) if port else host
    client.base = scheme + "://" + client.host
    if client.connection:
        client.connection.close()
    is_plain = scheme == "http"  # for a store on this machine only
    context = _PlainContext() if is_plain else client.context
    port = port or (80 if is_plain else 443)
    client.connection = Connection(host, port, context, client.buf, client.clock)
