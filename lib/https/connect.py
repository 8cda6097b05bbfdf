"""Open a Connection: DNS, TCP, TLS; loaded only while that takes place."""

import select
import socket

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# No progress for this long is an error, even before the request's own deadline.
_STALL_MS = const(10_000)
# IPPROTO_TCP and TCP_NODELAY, on lwIP and on Unix.
_TCP = const(6)
_NODELAY = const(1)


def open_connection(connection):
    """Connect and begin the handshake; raises HTTPSError."""
    connection.close()
    connection.phase = "dns"
    try:
        if not connection._address:
            connection._address = socket.getaddrinfo(
                connection.host, connection._port, 0, socket.SOCK_STREAM
            )[0]
        connection.phase = "connect"
        connection.sock = connection._raw = raw = socket.socket(connection._address[0])
        raw.settimeout(min(connection._left(), _STALL_MS) / 1000)
        raw.connect(connection._address[-1])
        # Send every write at once, without waiting for more data (no Nagle algorithm).
        raw.setsockopt(_TCP, _NODELAY, 1)
        raw.setblocking(False)
        connection.phase = "tls"
        connection.sock = connection._context.wrap_socket(
            raw, server_hostname=connection.host, do_handshake_on_connect=False
        )
    except (OSError, ValueError) as error:
        connection.fail(error)
    connection._poller = poller = select.poll()
    poller.register(connection.sock, select.POLLIN)
    poller.ipoll(0)  # allocates the tuple that it reuses, so that sending allocates nothing
    connection.at = connection.end = 0
