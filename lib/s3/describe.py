"""Make the headers that describe one object to S3; freed once they are signed.

headers, payload = describe(client, "cam1/a.jpg", body, "image/jpeg", metadata, False)
"""

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# Above these sizes, S3's limits are checked exactly.
_SHORT_KEY = const(256)
_MAX_METADATA = const(2048)


def describe(client, key, body, content_type, metadata, overwrite):
    """Return a put's headers and x-amz-content-sha256; raise S3Error if S3 would refuse it."""
    named = {}
    for name, value in pairs(metadata):
        named[name.lower()] = str(value)
    names = "".join(named)
    # Bytes, because MicroPython would intern each single letter of a string forever.
    text = (content_type + names + "".join(named.values())).encode()
    if (
        not 0 < len(key) <= _SHORT_KEY
        or len(text) > _MAX_METADATA
        or not 32 <= min(text) <= max(text) <= 126
        or "=" in names
    ):
        from s3 import limits

        limits.check(key, content_type, metadata)
    headers = {"content-type": content_type}
    if named:
        headers["x-amz-meta-="] = "\n".join([f"{name}={named[name]}" for name in sorted(named)])
    if client.is_conditional and not overwrite:
        headers["if-none-match"] = "*"
    if client.integrity in ("etag", "none"):
        headers["content-length"] = str(body.size)
        return headers, "UNSIGNED-PAYLOAD"
    from s3 import chunked_headers

    payload = chunked_headers.add(headers, client.integrity, body.size, len(client.body_buf))
    return headers, payload


def pairs(metadata):
    """Return the (name, value) pairs of `metadata`, in any form that S3Client.put() takes."""
    if isinstance(metadata, str):
        return [line.split("=", 1) for line in metadata.split("\n") if line]
    return metadata.items() if hasattr(metadata, "items") else metadata
