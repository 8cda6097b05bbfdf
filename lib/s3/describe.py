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
    lines, text = _in_order(metadata)
    text = content_type.encode() + text
    if (
        not 0 < len(key) <= _SHORT_KEY
        or len(text) > _MAX_METADATA
        or not 32 <= min(text) <= max(text) <= 126
    ):
        from s3 import limits

        limits.check(key, content_type, metadata)
    path = client.prefix + uri_encode(key)
    headers = {"content-type": content_type}
    if lines:
        headers["x-amz-meta-="] = lines
    if client.is_conditional and not overwrite:
        headers["if-none-match"] = "*"
    if client.integrity in ("etag", "none"):
        headers["content-length"] = str(body.size)
        return path, headers, "UNSIGNED-PAYLOAD"
    from s3 import chunked_headers

    payload = chunked_headers.add(headers, client.integrity, body.size, len(client.body_buf))
    return path, headers, payload


def _in_order(metadata):
    """Return `metadata` as header_fields.py needs it, and the bytes that S3's limits are about."""
    if isinstance(metadata, bytes) and _is_in_order(metadata):
        return metadata, metadata.replace(b"\n", b"")
    named = {}
    for name, value in pairs(metadata):
        named[name.lower()] = value
    names = b"".join(named)
    if b"=" in names:
        names += b"\n"  # so that limits.check() refuses them
    lines = b"\n".join([b"=".join((name, named[name])) for name in sorted(named)])
    return lines, names + b"".join(named.values())


def _is_in_order(lines):
    last = b""
    at = 0
    while at < len(lines):
        end = lines.find(b"=", at)
        name = lines[at:end]
        if end < 0 or b"\n" in name or not last < name == name.lower():
            return False
        last = name
        at = lines.find(b"\n", at) + 1 or len(lines)
    return True


def pairs(metadata):
    """Return the (name, value) pairs of `metadata` as bytes; it has any form of S3Client.put()."""
    if isinstance(metadata, str):
        metadata = metadata.encode()
    if isinstance(metadata, bytes):
        return [line.split(b"=", 1) for line in metadata.split(b"\n") if line]
    given = metadata.items() if hasattr(metadata, "items") else metadata
    return [(str(name).encode(), str(value).encode()) for name, value in given]
