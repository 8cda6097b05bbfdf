"""Make the path and the headers that describe one object to S3; freed once they are signed.

path, headers, payload = describe(client, "cam1/a.jpg", body, "image/jpeg", metadata, False)
"""

from uri_encode import uri_encode

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# Above these sizes, S3's limits are checked exactly.
_SHORT_KEY = const(256)
_MAX_METADATA = const(2048)


def describe(client, key, body, content_type, metadata, overwrite):
    """Return a put's path, headers and payload, see S3Client.send_head(); check S3's limits.

    Raises S3Error.
    """
    named = {}
    for name, value in pairs(metadata):
        named[name.lower()] = value
    names = b"".join(named)
    text = content_type.encode() + names + b"".join(named.values())
    if (
        not 0 < len(key) <= _SHORT_KEY
        or len(text) > _MAX_METADATA
        or not 32 <= min(text) <= max(text) <= 126
        or b"=" in names
    ):
        from s3 import limits

        limits.check(key, content_type, metadata)
    path = client.prefix + uri_encode(key)
    headers = {"content-type": content_type}
    if named:
        lines = [b"=".join((name, named[name])) for name in sorted(named)]
        headers["x-amz-meta-="] = b"\n".join(lines)
    if client.is_conditional and not overwrite:
        headers["if-none-match"] = "*"
    if client.integrity in ("etag", "none"):
        headers["content-length"] = str(body.size)
        return path, headers, "UNSIGNED-PAYLOAD"
    from s3 import chunked_headers

    payload = chunked_headers.add(headers, client.integrity, body.size, len(client.body_buf))
    return path, headers, payload


def pairs(metadata):
    """Return the (name, value) pairs of `metadata` as bytes; it has any form of S3Client.put()."""
    if isinstance(metadata, str):
        return [line.split(b"=", 1) for line in metadata.encode().split(b"\n") if line]
    given = metadata.items() if hasattr(metadata, "items") else metadata
    return [(str(name).encode(), str(value).encode()) for name, value in given]
