"""Get the time from the `Date` of a plain HTTP reply, if NTP is blocked; for set_clock.py."""

import socket
import sys
import time

import urequests

from firmware.errors import NetworkError

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_LIMIT_MS = const(8000)  # for the complete exchange, except the DNS lookup
_LIMIT_BYTES = const(4096)  # for the head of the reply


class _BoundedSockets:
    """Replaces the module socket in urequests: one deadline and one byte limit for everything.

    urequests has only a timeout per read, so a line that arrives slowly could take forever.
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
    """Ask `url`, "http://..."; return (current UTC milliseconds since 1970, error in ms).

    The request contains nothing secret, and the reply is trusted no more than one from NTP.
    Raises OSError, NetworkError, or ValueError if the reply is not HTTP.
    """
    seen = {}

    def _look(line, _):
        # Called by urequests for each line of the head.
        name, _, value = line.partition(b":")
        name = name.lower()
        if name == b"location":
            raise OSError("it redirects, as login pages do")
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
    # Date has whole seconds, so on average it is half a second old.
    return seconds * 1000 + 500 + half_ms, 500 + half_ms


def _ask(url, look):
    fresh = {"Cache-Control": "no-cache, no-store"}
    head = urequests.head  # loads requests: urequests is another name for it
    requests = sys.modules["requests"]
    requests.socket = bounded = _BoundedSockets()
    try:
        head(url, headers=fresh, timeout=1, parse_headers=look)
    finally:
        bounded.close()
        requests.socket = socket
        for name in ("urequests", "requests"):  # nothing else needs them
            sys.modules.pop(name, None)
