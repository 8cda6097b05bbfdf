"""The modules `socket`, `select` and `tls` for a run of the swarm: the world is the network.

TLS is simulated at this seam: nothing is encrypted, the world knows who presents which certificate
and answers with the errors of mbedTLS. tests/s3/test_https*.py and the soak run the real thing.
"""

import json
import struct
from binascii import crc32

import chip

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

AF_INET, SOCK_STREAM, SOCK_DGRAM, IPPROTO_TCP = 2, 1, 2, 6
POLLIN, POLLOUT = 1, 4
PROTOCOL_TLS_CLIENT, CERT_NONE, CERT_REQUIRED = 0, 0, 2


def getaddrinfo(host, port, family=0, kind=SOCK_STREAM):
    chip.ask(68, data=json.dumps([host, port]))
    return [(AF_INET, kind, 0, host, (host, port))]


class socket:  # noqa: N801
    def __init__(self, family=AF_INET, kind=SOCK_STREAM, protocol=0):
        self.id = chip.ask(78, arg=kind)
        self._limit_ms = -1

    def settimeout(self, seconds):
        self._limit_ms = -1 if seconds is None else int(seconds * 1000)

    def setblocking(self, flag):
        self._limit_ms = -1 if flag else 0

    def setsockopt(self, *options):
        pass

    def connect(self, address):
        chip.ask(67, self.id, json.dumps([address[0], address[1], self._limit_ms]))

    def write(self, buf, at=0, size=None):
        buf = memoryview(buf)
        if at or size is not None:
            buf = buf[at : at + (len(buf) if size is None else size)]
        count = chip.ask(119, self.id, bytes(buf))
        return None if count < 0 else count

    send = write

    def read(self, size):
        count = chip.ask(114, self.id, struct.pack("<Ii", size, self._limit_ms))
        return None if count < 0 else chip.payload

    recv = read

    def readinto(self, buf):
        count = chip.ask(114, self.id, struct.pack("<Ii", len(buf), self._limit_ms))
        if count < 0:
            return None
        buf[:count] = chip.payload
        return count

    def readline(self):
        line = b""
        while line[-1:] != b"\n":
            byte = self.read(1)
            if not byte:
                break
            line += byte
        return line

    def close(self):
        chip.ask(120, self.id)


class poll:  # noqa: N801
    def register(self, sock, flags):
        self._sock, self._flags = sock, flags

    modify = register

    def ipoll(self, wait_ms):
        data = struct.pack("<I", wait_ms)
        flags = chip.ask(112, self._sock.id, data, arg=self._flags)
        return [(self._sock, flags)] if flags else ()

    poll = ipoll


class SSLContext:
    verify_mode = CERT_REQUIRED

    def __init__(self, protocol):
        self._roots = []
        self._certificate = ""

    def load_verify_locations(self, root):
        if root[:1] != b"\x30":
            raise ValueError("invalid cert")
        self._roots.append(crc32(root))

    def load_cert_chain(self, certificate, key):
        if certificate[-8:] != key[-8:]:
            raise ValueError("invalid key")
        self._certificate = bytes(certificate[:-8]).decode()

    def wrap_socket(self, sock, server_hostname=None, do_handshake_on_connect=True):
        told = [server_hostname, self._roots, self._certificate, self.verify_mode, chip.time()]
        chip.ask(84, sock.id, json.dumps(told))
        return _TLSSocket(sock)


class _TLSSocket(socket):
    def __init__(self, raw):
        self.id, self._limit_ms = raw.id, raw._limit_ms
        self._is_open = False
        self._raw = raw

    def write(self, buf, at=0, size=None):
        try:
            count = super().write(buf, at, size)
        except (OSError, ValueError):
            # After a failed handshake, MicroPython's TLS socket no longer owns the raw one.
            if not self._is_open:
                self._raw = None
            raise
        self._is_open = self._is_open or count is not None
        return count

    def close(self):
        if self._raw:
            self._raw.close()
