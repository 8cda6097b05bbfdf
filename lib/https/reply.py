"""Read the head of an HTTP reply; loaded when a reply is expected.

status = read_head(connection)  # called by Connection.reply() and expect_continue()
"""

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_MAX_HEADER_LINES = const(100)
_MAX_HEADERS = const(4096)


def expect_continue(connection, wait_ms):
    """See Connection.expect_continue()."""
    told = False
    while connection.at < connection.end or (not told and connection.fill(wait_ms)):
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
    line = connection.line()
    if line[:7] != b"HTTP/1." or not line[9:12].isdigit():
        connection.stop(f"not an HTTP reply: {line[:20]}")
    connection.status = int(line[9:12])
    connection.headers = {"connection": "close"} if line[7:8] == b"0" else {}
    _read_lines(connection, connection.headers)
    return connection.status


def _read_lines(connection, headers):
    """Read all header lines, and store the first 4 KB of them in `headers`."""
    room = _MAX_HEADERS
    for _ in range(_MAX_HEADER_LINES):
        line = connection.line()
        if not line:
            return
        room -= len(line)
        # Skip headers that are not ASCII: none of them matters, and they could not be decoded.
        if room > 0 and max(line) < 128:
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
    connection.stop("headers too long")
