"""Send the body of one object; loaded only for that, and freed before the reply is read.

proof = send(client, body, date, signature)  # by S3Client.put(); see stored.py
"""

from https import EarlyReplyError

from s3 import S3Error
from s3.framings import make

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# Check for an early reply after this many blocks; it costs as much as encrypting 100 bytes.
_LOOK = const(8)


def send(client, body, date, signature):
    """Send the body; return how the store's reply proves it, or None if a reply came too early.

    That is True if the store checks the body itself, the hex MD5 that an ETag may be, or "". The
    head of the request, with this date and signature, has been sent already.
    """
    framing = make(client, body.size)
    if framing.begin:
        framing.begin(client, date, signature)
    return framing.proof() if _send(client, body, framing) else None


def _send(client, body, framing):
    """Send the body; return whether all of it went out before the server's reply."""
    connection = client.connection
    write = connection.send
    size = body.size
    client.body_started = True
    is_over = False
    try:
        for at in range(0, size, framing.chunk):
            count = min(size - at, framing.chunk)
            head = framing.head(count)
            if head:
                write(head)
            _copy(body, at, count, framing, connection)
        write(framing.finish())
        is_over = True
    except EarlyReplyError:
        is_over = True
        return False
    finally:
        if not is_over:
            connection.close()
    return True


def _copy(body, at, size, framing, connection):
    """Send the next `size` bytes of `body`, starting at `at`; the loop allocates nothing.

    The last piece is sent only if the body ends with it, so that a body whose length is not its
    `size` never becomes an object.
    """
    piece = buf = framing.buf
    whole = len(buf)
    look = _LOOK * whole
    rest = size % whole
    last = memoryview(buf)[:rest]
    total = body.size
    readinto = body.readinto
    update = framing.update
    write = connection.sock.write  # not connection.send(): the call would cost more than the write
    is_writing = False
    try:
        for end in range(at + whole, at + size + whole, whole):
            if not end % look:
                connection.check_reply()
            count = readinto(buf)
            if count != whole or end >= total:
                if count != rest or end - whole + count != total:
                    count = _end(body, end - whole, count, whole)
                whole = count
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
    """Return `count`, the length of the piece at `at`, if the body ends with it, or raise."""
    if count == size:
        count += body.readinto(bytearray(4))
    if at + count != body.size:
        raise S3Error("BodyLength", 0, "body", f"a body of {body.size} gave {at + count} bytes")
    return count
