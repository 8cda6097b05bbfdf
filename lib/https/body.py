"""Read the body of an HTTP reply; loaded only for replies that have one.

length = read_body(connection, page)  # page: a bytearray; called by reply.py
"""

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# An excess of up to this size is read and discarded to keep the connection, else it is closed.
_MAX_REST = const(16_384)
_STALL_MS = const(10_000)
_MAX_LINES = const(100)  # of a trailer


def read_body(connection, dest):
    """Read a body into `dest`, discard what does not fit; return its length. RFC 9112, 6.3."""
    reply = connection._reading()
    headers = connection.headers
    if connection.status in (204, 304):
        return 0
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return _read_chunks(connection, reply, dest)
    if "content-length" in headers:
        count = _number(connection, headers["content-length"], 10)
        return _take(connection, reply, count, dest, 0)
    headers["connection"] = "close"
    total = 0
    while connection.sock and (
        connection.at < connection.end or reply.fill(connection, _STALL_MS) > 0
    ):
        total = _take(connection, reply, connection.end - connection.at, dest, total)
    return total


def _read_chunks(connection, reply, dest):
    """Read a chunked body (RFC 9112, 7.1)."""
    total = 0
    size = 1
    while size and connection.sock:
        size = _number(connection, reply.line(connection).split(b";")[0], 16)
        total = _take(connection, reply, size, dest, total)
        if size and connection.sock and reply.line(connection):
            connection.stop("a chunk is longer than it says")
    if connection.sock:
        _skip_trailer(connection, reply)
    return total


def _skip_trailer(connection, reply):
    for _ in range(_MAX_LINES):
        if not reply.line(connection):
            return
    connection.stop("trailer too long")


def _take(connection, reply, count, dest, total):
    """Move `count` bytes of the body to dest[total:] and return the new total."""
    while count:
        if connection.at == connection.end:
            reply.more(connection)
        at = connection.at
        part = min(count, connection.end - at)
        room = min(part, len(dest) - total)
        if room > 0:
            dest[total : total + room] = connection.view[at : at + room]
        connection.at += part
        count -= part
        total += part
        if total > len(dest) + _MAX_REST:
            connection.close()
            break
    return total


def _number(connection, text, base):
    try:
        number = int(text, base)
    except ValueError:
        number = -1
    if number < 0 or len(text) > 9:
        connection.stop(f"not a length: {text[:20]}")
    return number
