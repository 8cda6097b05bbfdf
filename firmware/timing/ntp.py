"""Ask a time server (SNTP, RFC 4330) and accept only a good answer; for timing/set_clock.py."""

import os
import socket
import struct
import time

from firmware.errors import NetworkError

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# RFC 5905, section 7.3: client request; the reply's fields by offset.
_REQUEST_VERSION_MODE = const(0x23)  # version 4, mode 3 (client)
_MODE_SERVER = const(4)
_LEAP_UNSYNCHRONISED = const(3)
_STRATUM_MAX = const(15)
_NTP_EPOCH_S = const(2208988800)  # 1900-01-01 to 1970-01-01
_NTP_ERA_S = const(1 << 32)  # era 1 starts in February 2036
_NTP_PORT = const(123)
_DISTANCE_MS = const(1500)  # MAXDIST, RFC 5905, appendix A.1.1


def query(server, timeout_s=2):
    """Ask `server`, "host" or "host:port"; return (current UTC ms since 1970, error in ms).

    The error is half of the round trip plus the distance from a reference clock that the server
    states. Raises OSError, NetworkError, or ValueError for an invalid port.
    """
    host, _, port = server.partition(":")
    cookie = os.urandom(8)
    packet = bytearray(48)
    packet[0] = _REQUEST_VERSION_MODE
    packet[40:48] = cookie
    address = socket.getaddrinfo(host, int(port or _NTP_PORT), 0, socket.SOCK_DGRAM)[0][-1]
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        s.settimeout(timeout_s)
        s.connect(address)  # from now on only packets from this server are received
        start = time.ticks_ms()
        s.send(packet)
        reply = s.recv(48)
        half_ms = time.ticks_diff(time.ticks_ms(), start) // 2
    finally:
        s.close()
    utc_ms, distance_ms = _parse(reply, cookie)
    return utc_ms + half_ms, distance_ms + half_ms + 1


def _parse(reply, cookie):
    if len(reply) < 48 or reply[0] & 7 != _MODE_SERVER or reply[24:32] != cookie:
        raise NetworkError("its answer does not match the request")
    if reply[1] == 0:  # kiss-of-death, with a code
        raise NetworkError(f"refused the request ({bytes(reply[12:16]).decode()})")
    if reply[0] >> 6 == _LEAP_UNSYNCHRONISED or reply[1] > _STRATUM_MAX:
        raise NetworkError("its clock is not synchronized")
    seconds, fraction = struct.unpack(">II", reply[40:48])
    if seconds == 0:
        raise NetworkError("its answer has no time")
    if seconds < _NTP_ERA_S >> 1:
        seconds += _NTP_ERA_S
    # Root delay and root dispersion, in units of 1/65536 s (RFC 5905, figure 27).
    delay, dispersion = struct.unpack(">II", reply[4:12])
    distance_ms = (delay // 2 + dispersion) * 1000 >> 16
    if distance_ms > _DISTANCE_MS:
        raise NetworkError(f"its clock may be {distance_ms} ms off")
    return (seconds - _NTP_EPOCH_S) * 1000 + (fraction * 1000 >> 32), distance_ms
