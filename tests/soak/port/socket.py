"""MicroPython's `socket` for a run in virtual time: the simulator says what a name resolves to."""

import select
import time
import usocket
from usocket import AF_INET, SOCK_DGRAM, SOCK_STREAM  # noqa: F401
from machine import ask

IPPROTO_TCP = 6

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_ETIMEDOUT = const(110)

del __file__  # looks built in, as on the ESP32: nobody unloads it


def getaddrinfo(host, port, family=0, kind=SOCK_STREAM):
    return usocket.getaddrinfo("127.0.0.1", ask("resolve_name", (host, port)), 0, kind)


def socket(family, kind=SOCK_STREAM, protocol=0):
    if kind == SOCK_DGRAM:
        return _Datagram(usocket.socket(family, kind))
    if ask("is_packet_lost", ()):
        return _Lost()
    # Of the firmware's clients only urequests asks for a protocol.
    return _Collected(usocket.socket(family)) if protocol else usocket.socket(family)


class _Lost:
    """A connection whose packets get nowhere."""

    def settimeout(self, seconds):
        self._limit_ms = int(seconds * 1000)

    def connect(self, address):
        time.sleep_ms(self._limit_ms)
        raise OSError(_ETIMEDOUT)

    def close(self):
        pass


class _Collected:
    """A socket that the collector closes, as on the ESP32: here only files are.

    urequests leaves its own to it where a server speaks no HTTP.
    """

    def __init__(self, socket):
        self.settimeout = socket.settimeout
        self.connect = socket.connect
        self.write = socket.write
        self.readline = socket.readline
        self.read = socket.read
        self.close = open(socket.fileno(), "r+b").close


class _Datagram(_Lost):
    def __init__(self, socket):
        self._socket = socket
        self.send = socket.send
        self.connect = socket.connect
        self.close = socket.close

    def recv(self, size):
        poller = select.poll()
        poller.register(self._socket, select.POLLIN)
        if not poller.ipoll(self._limit_ms):
            raise OSError(_ETIMEDOUT)
        return self._socket.recv(size)
