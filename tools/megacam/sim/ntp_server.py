"""A small SNTP server on loopback (RFC 4330, RFC 5905) that can also misbehave on request.

with NTPServer(offset_s=2.5) as ntp:
    ...  # ask (ntp.host, ntp.port); ntp.misbehaviour = "silence"; ntp.requests counts
"""

import socket
import socketserver
import struct
import threading
import time
from collections.abc import Callable
from typing import Any

MISBEHAVIOURS = {
    "kiss-of-death": "stratum 0 and the code RATE: stop asking (RFC 5905, 7.4)",
    "not-synchronised": "leap indicator 3 and stratum 16: the server knows no time",
    "far": "a root dispersion of 3 s, as of a server that nobody corrects (RFC 5905, A.1.1)",
    "other-originate": "the reply to some other request, as a blind attacker would send",
    "other-source": "the reply comes from another port",
    "short": "a reply of 40 bytes",
    "silence": "no reply",
    "wrong-mode": "a client's packet instead of a server's",
    "wrong-year": "1 January 2019, long before this firmware was written",
    "zero-stamp": "a transmit time stamp of 0 (RFC 4330, 5: must be refused)",
}

_UNIX_EPOCH_IN_NTP_S = 2_208_988_800  # 1 January 1970 counted from 1900, RFC 5905 figure 4
_1_JANUARY_2019 = 1_546_300_800
# Leap, version and mode in one byte; stratum, poll, precision; root delay, root dispersion,
# reference id; the reference, originate, receive and transmit stamps (RFC 5905, figure 8).
_PACKET = struct.Struct(">BBbbII4sQQQQ")
_MODE_CLIENT = 3
_MODE_SERVER = 4
_STRATUM_PRIMARY = 1
_STRATUM_UNSYNCHRONISED = 16
_PRECISION = -20  # log2 seconds: a microsecond
_DISPERSION = 655  # 10 ms in 16.16 fixed point
_FAR = 3 << 16


def stamp(unix_s: float) -> int:
    """Return the 64-bit NTP time stamp of a Unix time: it wraps into the next era in 2036."""
    whole, fraction = divmod(unix_s + _UNIX_EPOCH_IN_NTP_S, 1)
    return (int(whole) % 2**32 << 32) + int(fraction * 2**32)


def reply(request: bytes, received_s: float, sent_s: float, misbehaviour: str = "") -> bytes:
    """Return the answer to a client's packet; times are Unix seconds.

    Raises ValueError for a packet that servers ignore: under 48 bytes, or not a client's.
    """
    if len(request) < _PACKET.size:
        raise ValueError(f"an NTP request has 48 bytes, this one {len(request)}")
    if request[0] & 7 != _MODE_CLIENT:
        raise ValueError(f"an NTP request has mode 3 (client), this one {request[0] & 7}")
    leap, mode, stratum, code = 0, _MODE_SERVER, _STRATUM_PRIMARY, b"LOCL"
    dispersion = _FAR if misbehaviour == "far" else _DISPERSION
    originate = int.from_bytes(request[40:48], "big")
    received, sent = stamp(received_s), stamp(sent_s)
    if misbehaviour == "kiss-of-death":
        leap, stratum, code = 3, 0, b"RATE"
    elif misbehaviour == "not-synchronised":
        leap, stratum, code = 3, _STRATUM_UNSYNCHRONISED, b"INIT"
    elif misbehaviour == "other-originate":
        originate ^= 1
    elif misbehaviour == "wrong-mode":
        mode = _MODE_CLIENT
    elif misbehaviour == "wrong-year":
        received = sent = stamp(_1_JANUARY_2019)
    elif misbehaviour == "zero-stamp":
        sent = 0
    first = leap << 6 | request[0] & 0b111000 | mode
    poll = struct.unpack_from("b", request, 2)[0]
    fixed = (first, stratum, poll, _PRECISION, 0, dispersion, code)
    packet = _PACKET.pack(*fixed, received, originate, received, sent)
    return packet[:40] if misbehaviour == "short" else packet


class NTPServer(socketserver.UDPServer):
    """A thread that answers on `host`, `port` (UDP, loopback) for the duration of a `with` block.

    `offset_s` is added to the true time, `misbehaviour` is one of MISBEHAVIOURS or empty; both may
    be changed at any time. `requests` counts the packets that came.
    """

    def __init__(
        self,
        misbehaviour: str = "",
        offset_s: float = 0,
        now: Callable[[], float] = time.time,
        port: int = 0,
    ):
        self.offset_s = offset_s
        self.requests = 0
        self.misbehaviour = misbehaviour
        self._now = now
        super().__init__(("127.0.0.1", port), socketserver.BaseRequestHandler)
        self.host = "127.0.0.1"
        self.port = int(self.server_address[1])
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,))

    @property
    def misbehaviour(self) -> str:
        """The name of what it does wrong, or empty; another name raises ValueError."""
        return self._misbehaviour

    @misbehaviour.setter
    def misbehaviour(self, name: str) -> None:
        if name and name not in MISBEHAVIOURS:
            raise ValueError(f"no misbehaviour {name!r}; there are: {', '.join(MISBEHAVIOURS)}")
        self._misbehaviour = name

    def __enter__(self) -> "NTPServer":
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Answer one packet (called by socketserver)."""
        received_s = self._now() + self.offset_s
        data, own = request
        self.requests += 1
        if self.misbehaviour == "silence":
            return
        try:
            packet = reply(data, received_s, self._now() + self.offset_s, self.misbehaviour)
        except ValueError:
            return
        if self.misbehaviour == "other-source":
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                other.sendto(packet, client_address)
        else:
            own.sendto(packet, client_address)
