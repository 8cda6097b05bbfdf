"""Make the headers that describe one object to S3; freed once they are signed.

headers, framing = describe(client, "cam1/a.jpg", body, "image/jpeg", metadata, False)
"""

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# Above these sizes, S3's limits are checked exactly.
_SHORT_KEY = const(256)
_MAX_METADATA = const(2048)


def describe(client, key, body, content_type, metadata, overwrite):
    """Return a put's headers and the framing of its body; raise S3Error if S3 would refuse it."""
    headers = {"content-type": content_type}
    for name, value in pairs(metadata):
        headers["x-amz-meta-" + name.lower()] = str(value)
    # Bytes, because MicroPython would intern each single letter of a string forever.
    text = ("".join(headers) + "".join(headers.values())).encode()
    if (
        not 0 < len(key) <= _SHORT_KEY
        or len(text) > _MAX_METADATA
        or not 32 <= min(text) <= max(text) <= 126
    ):
        from s3 import limits

        limits.check(key, content_type, metadata)
    framing = (client.framing or framing_class(client.integrity))(body.size, client.body_buf)
    if client.integrity == "etag":
        framing.compare_etag()
    framing.add_headers(headers)
    if client.is_conditional and not overwrite:
        headers["if-none-match"] = "*"
    return headers, framing


def pairs(metadata):
    """Return the (name, value) pairs of `metadata`, in any form that S3Client.put() takes."""
    if isinstance(metadata, str):
        return [line.split("=", 1) for line in metadata.split("\n") if line]
    return metadata.items() if hasattr(metadata, "items") else metadata


def framing_class(integrity):
    """Return the class that encodes bodies in mode `integrity`, one of integrity.MODES."""
    if integrity == "signed-checksum":
        from s3.aws_chunked_signed import TrailerFraming

        return TrailerFraming
    if integrity == "signed":
        from s3.aws_chunked_signed import Framing
    elif integrity == "checksum":
        from s3.aws_chunked import Framing
    else:
        from s3.unsigned_payload import Framing
    return Framing
