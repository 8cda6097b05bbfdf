"""Stores one object for s3.py; loaded for that time only.

stored = put(client, "cam1/a.jpg", body, "image/jpeg", metadata, False)  # by S3Client.put()
"""

from https import borrow
from s3 import S3Error, Stored

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# Above these S3's limits are looked at more closely.
_SHORT_KEY = const(256)
_MAX_METADATA = const(2048)


def put(client, key, body, content_type, metadata, overwrite):
    """Return a Stored, or None where S3 refused: the reply has begun."""
    connection = client.connection
    headers = _describe(key, content_type, metadata)
    framing = client.framing(body.size, client.body_buf)
    framing.add_headers(headers)
    if client.is_conditional and not overwrite:
        headers["if-none-match"] = "*"
    signature = client.send_head("PUT", key, "", headers, framing.payload)
    if framing.begin:
        framing.begin(client, headers["x-amz-date"], signature)
    # A reply before the body is a refusal, unless there is no body.
    is_sent = not (connection.expect_continue() and body.size)
    if is_sent:
        send = borrow("s3_body").send
        client.body_started = True
        is_sent = send(connection, body, framing)
    if connection.reply() != 200 or not is_sent or "etag" not in connection.headers:
        return None
    connection.read()
    etag = connection.headers["etag"]
    if framing.is_intact and not framing.is_intact(connection.headers):
        raise S3Error("BadDigest", 200, "retry", f"{key}: stored as {etag}, not as sent")
    return Stored(200, etag, int(headers["content-length"]))


def _describe(key, content_type, metadata):
    """Return the headers that describe an object, or refuse what S3 would not take."""
    headers = {"content-type": content_type}
    for name, value in metadata.items() if hasattr(metadata, "items") else metadata:
        headers["x-amz-meta-" + name.lower()] = str(value)
    # Bytes, because MicroPython would keep each single letter as a text for ever.
    text = ("".join(headers) + "".join(headers.values())).encode()
    if (
        not 0 < len(key) <= _SHORT_KEY
        or len(text) > _MAX_METADATA
        or not 32 <= min(text) <= max(text) <= 126
    ):
        borrow("s3_limits").check(key, content_type, metadata)
    return headers
