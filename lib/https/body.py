"""Read the body of an HTTP reply; loaded only for replies that have one.

length = read(connection, page, None)  # page: a bytearray; called by Connection.read()
"""

from https.reply import end, fill, line, more

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# An excess of up to this size is read and discarded to keep the connection, else it is closed.
_MAX_REST = const(16_384)
_STALL_MS = const(10_000)
_MAX_LINES = const(100)  # of a trailer


def read(connection, dest, most):
    """See Connection.read()."""
    if most is None:
        most = len(dest)
    total = _read(connection, dest, most)
    end(connection)
    return total


def _read(connection, dest, most):
    """Return the length of the body, see RFC 9112, 6.3."""
    headers = connection.headers
    if connection.status in (204, 304):
        return 0
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return _read_chunks(connection, dest, most)
    if "content-length" in headers:
        count = _number(connection, headers["content-length"], 10)
        return _take(connection, count, dest, most, 0)
    headers["connection"] = "close"
    total = 0
    while connection.sock and (connection.at < connection.end or fill(connection, _STALL_MS) > 0):
        total = _take(connection, connection.end - connection.at, dest, most, total)
    return total


def _read_chunks(connection, dest, most):
    """Read a chunked body (RFC 9112, 7.1)."""
    total = 0
    size = 1
    while size and connection.sock:
        size = _number(connection, line(connection).split(b";")[0], 16)
        total = _take(connection, size, dest, most, total)
        if size and connection.sock and line(connection):
            connection.stop("a chunk is longer than it says")
    if connection.sock:
        _skip_trailer(connection)
    return total


def _skip_trailer(connection):
    for _ in range(_MAX_LINES):
        if not line(connection):
            return
    connection.stop("trailer too long")


def _take(connection, count, dest, most, total):
    """Pass on `count` bytes of the body, which follow `total` others; return the new total."""
    while count:
        if connection.at == connection.end:
            more(connection)
        at = connection.at
        part = min(count, connection.end - at)
        room = min(part, most - total)
        if room > 0:
            piece = connection.view[at : at + room]
            if callable(dest):
                dest(piece)
            else:
                dest[total : total + room] = piece
        connection.at += part
        count -= part
        total += part
        if total > most + _MAX_REST:
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
