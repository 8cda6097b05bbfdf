"""Stores one object for s3.py; loaded for that time only.

stored = put(client, "cam1/a.jpg", body, "image/jpeg", metadata, False)  # by S3Client.put()
"""

from https import EarlyReplyError, borrow
from s3 import S3Error, Stored

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# Above these S3's limits are looked at more closely.
_SHORT_KEY = const(256)
_MAX_METADATA = const(2048)
# After so many blocks the reply is looked for, which costs as much as encrypting 100 bytes.
_LOOK = const(8)


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
        client.body_started = True
        is_sent = _send_body(connection, body, framing)
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


def _send_body(connection, body, framing):
    """Return whether all of the body went out before the server's reply."""
    send = connection.send
    size = body.size
    is_over = False
    try:
        for at in range(0, size, framing.chunk):
            count = min(size - at, framing.chunk)
            send(framing.head(count))
            copy(body, at, count, framing, connection)
        send(framing.finish())
        is_over = True
    except EarlyReplyError:
        is_over = True
        return False
    finally:
        if not is_over:
            connection.close()
    return True


def copy(body, at, size, framing, connection):
    """Move the next `size` bytes of `body`, those from `at`; the loop allocates nothing.

    The last piece is sent only when the body has no byte more, so that a body of another
    length than its `size` never becomes an object.
    """
    piece = buf = framing.buf
    whole = len(buf)
    last = memoryview(buf)[: size % whole]
    readinto = body.readinto
    update = framing.update
    write = connection.sock.write  # not by connection.send(): a call costs more than what it does
    is_writing = False
    try:
        for done in range(at, at + size, whole):
            if not (done + whole) % (_LOOK * whole):
                connection.check_reply()
            count = readinto(buf)
            if count != whole or done + whole >= body.size:
                whole = _end(body, done, count, whole)
                piece = last or buf
            if update:
                update(piece)
            is_writing = True
            count = write(piece)
            is_writing = False
            if count != whole:
                connection.send(piece, count or 0)
    except OSError as error:
        if not is_writing:
            raise
        connection.fail(error)


def _end(body, at, count, size):
    """Return `count`, the length of the piece from `at` on, if the body ends with it."""
    if count == size:
        count += body.readinto(bytearray(4))
    if at + count != body.size:
        raise S3Error("BodyLength", 0, "body", f"a body of {body.size} gave {at + count} bytes")
    return count
