"""The time from the `Date` of a plain HTTP reply, for networks without NTP; for set_clock.py."""

import socket
import sys
import time

import urequests

from firmware.errors import NetworkError

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_LIMIT_MS = const(8000)  # for the whole exchange, but for the name's look-up
_LIMIT_BYTES = const(4096)  # of the reply's head


class _BoundedSockets:
    """Stands in for the module socket in urequests: one deadline, one limit of bytes for all.

    urequests has a timeout for each read, reads line by line and never ends a line that drips.
    """

    SOCK_STREAM = socket.SOCK_STREAM

    def __init__(self):
        self.getaddrinfo = socket.getaddrinfo
        self._room = _LIMIT_BYTES
        self._socket = None

    def socket(self, *args):
        self._socket = sock = socket.socket(*args)
        self.write = sock.write
        self._start = time.ticks_ms()
        return self

    def settimeout(self, _):
        left_ms = _LIMIT_MS - time.ticks_diff(time.ticks_ms(), self._start)
        if left_ms <= 0:
            raise OSError("slower than 8 s")
        self._socket.settimeout(left_ms / 1000)

    def connect(self, address):
        self._socket.connect(address)

    def close(self):
        if self._socket:
            self._socket.close()

    def readline(self):
        line = b""
        while line[-1:] != b"\n":
            self.settimeout(0)
            byte = self._socket.read(1)
            if not byte:
                break
            line += byte
            self._room -= 1
            if not self._room:
                raise OSError("longer than 4 KB")
        return line


def query(url):
    """Ask `url`, "http://..."; return (UTC milliseconds since 1970 now, error in ms).

    Nothing secret is in the request, and the reply is believed no more than one of NTP. Raises
    OSError, NetworkError, or ValueError for a reply that is no HTTP.
    """
    seen = {}

    def _look(line, _):
        # Called by urequests for each line of the head.
        name, _, value = line.partition(b":")
        name = name.lower()
        if name == b"location":
            raise OSError("it redirects us, as a page to log in does")
        if name in (b"date", b"age"):
            seen[name] = value.strip()

    start = time.ticks_ms()
    _ask(url, _look)
    half_ms = time.ticks_diff(time.ticks_ms(), start) // 2
    if b"age" in seen:
        raise NetworkError("its answer comes from a cache")
    if b"date" not in seen:
        raise NetworkError("its answer has no Date")
    from https import http_date

    seconds = http_date.parse_http_date(seen[b"date"].decode())
    # Date has whole seconds, so it is half a second old on average.
    return seconds * 1000 + 500 + half_ms, 500 + half_ms


def _ask(url, look):
    fresh = {"Cache-Control": "no-cache, no-store"}
    head = urequests.head  # loads what urequests is another name of
    requests = sys.modules["requests"]
    requests.socket = bounded = _BoundedSockets()
    try:
        head(url, headers=fresh, timeout=1, parse_headers=look)
    finally:
        bounded.close()
        requests.socket = socket
        for name in ("urequests", "requests"):  # nobody else needs them
            sys.modules.pop(name, None)
