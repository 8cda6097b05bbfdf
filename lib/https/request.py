"""Send the head of a request, over the open connection or a new one; loaded only for that.

send_head(connection, b"GET / HTTP/1.1\r\n", 20_000)  # called by Connection.request()
"""

import select

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# S3 closes a connection that has been idle for 5 to 20 s; the AWS SDKs, too, reuse one up to 5 s.
_REUSE_MS = const(5_000)


def send_head(connection, head, limit_ms, more=()):
    """See Connection.request()."""
    connection._start = connection._clock.ticks_ms()
    connection._limit = limit_ms
    first = connection._first
    connection.reused = (
        connection._is_clean
        and connection._elapsed(connection._idle_since) < _REUSE_MS
        and head.startswith(first)
        and not connection._is_ready(select.POLLIN, 0)
    )
    if not connection.reused:
        first = b""
        from https import connect

        connect.open_connection(connection)
    connection._is_clean = False
    connection._reader = None
    connection._first = b""
    connection._is_head = head[:5] == b"HEAD "
    connection.status = 0
    connection.send(head, len(first))
    _send_gathered(connection, more)
    connection.phase = "request"


def _send_gathered(connection, pieces):
    # A reply that arrives now overwrites them: it refuses a request not yet sent completely.
    buf = connection._buf
    at = 0
    for piece in pieces:
        if at + len(piece) > len(buf):
            connection.send(connection.view[:at])
            at = 0
        if len(piece) > len(buf):
            connection.send(piece)
        else:
            buf[at : at + len(piece)] = piece
            at += len(piece)
    if at:
        connection.send(connection.view[:at])
