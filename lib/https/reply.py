"""Read the head of an HTTP reply; loaded before the body of the request is sent.

status = read_head(connection)  # called by Connection.reply() and expect_continue()
end(connection)  # called by Connection.read(), which frees this module
"""

import select

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_STALL_MS = const(10_000)
_MAX_HEADER_LINES = const(100)
_MAX_HEADERS = const(4096)
_CR = const(13)


def expect_continue(connection, wait_ms):
    """See Connection.expect_continue()."""
    told = False
    while connection.at < connection.end or (not told and fill(connection, wait_ms)):
        status = read_head(connection)
        if status >= 200:
            # The server may still be waiting for the body, so do not reuse the connection.
            connection.headers["connection"] = "close"
            return status
        told = told or status == 100
    connection.phase = "body"
    return 0


def read_final(connection):
    """Read the final reply and skip informational ones (RFC 9110, 15.2)."""
    while connection.status < 200:
        read_head(connection)


def read_head(connection):
    """Read one status line and its headers; return the status."""
    first = line(connection)
    if first[:7] != b"HTTP/1." or not first[9:12].isdigit():
        connection.stop(f"not an HTTP reply: {first[:20]}")
    connection.status = int(first[9:12])
    connection.headers = {"connection": "close"} if first[7:8] == b"0" else {}
    _read_lines(connection, connection.headers)
    return connection.status


def _read_lines(connection, headers):
    """Read all header lines, and store the first 4 KB of them in `headers`."""
    room = _MAX_HEADERS
    for _ in range(_MAX_HEADER_LINES):
        header = line(connection)
        if not header:
            return
        room -= len(header)
        # Skip headers that are not ASCII: none of them matters, and they could not be decoded.
        if room > 0 and max(header) < 128:
            name, _, value = header.decode().partition(":")
            headers[name.lower()] = value.strip()
    connection.stop("headers too long")


def end(connection):
    """Close the connection after a reply, or keep it for the next request."""
    # Bytes after the end of the reply belong to no request: do not reuse the connection.
    is_last = connection.headers.get("connection", "").lower() == "close"
    if connection.at < connection.end or is_last:
        connection.close()
    elif connection.sock:
        connection.be_idle()


def line(connection):
    """Return the next line without its line ending."""
    while True:
        end = connection._buf.find(b"\n", connection.at, connection.end)
        if end >= 0:
            at = connection.at
            connection.at = end + 1
            if end > at and connection._buf[end - 1] == _CR:
                end -= 1
            return bytes(connection.view[at:end])
        if connection.end - connection.at == len(connection._buf):
            connection.stop("headers too long")
        more(connection)


def more(connection):
    """Read more into the buffer, or end the request if the server sends no more."""
    count = fill(connection, _STALL_MS)
    if count <= 0:
        connection.stop("connection closed" if count else f"silent for {_STALL_MS} ms")


def fill(connection, wait_ms):
    """Read more into the buffer; return the count, 0 on timeout (`wait_ms`), -1 at the end."""
    buf = connection._buf
    if connection.at == connection.end:
        connection.at = connection.end = 0
    elif connection.end == len(buf):
        connection.end -= connection.at
        buf[: connection.end] = bytes(connection.view[connection.at :])
        connection.at = 0
    while True:
        left = connection._left()
        try:
            count = connection.sock.readinto(connection.view[connection.end :])
        except (OSError, ValueError) as error:
            connection.fail(error)
        if count is not None:
            connection.end += count
            return count or -1
        if not connection._is_ready(select.POLLIN, min(left, wait_ms)):
            return 0
