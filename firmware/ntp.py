"""Ask time servers (SNTP, RFC 4330) and believe only good answers. Loaded to set the clock."""

import os
import socket
import struct
import time

from firmware import clock, wifi
from firmware.errors import ClockError, CredentialsError, WiFiError
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# RFC 5905, section 7.3: client request; the reply's fields by offset.
_REQUEST_VERSION_MODE = const(0x23)  # version 4, mode 3 (client)
_MODE_SERVER = const(4)
_LEAP_UNSYNCHRONISED = const(3)
_STRATUM_MAX = const(15)
_NTP_EPOCH_S = const(2208988800)  # 1900-01-01 to 1970-01-01
_NTP_ERA_S = const(1 << 32)  # era 1 starts in February 2036
_NTP_PORT = const(123)


def set_clock(servers, link, retry_s):
    """Set the clock, however long it takes: without it there is neither TLS nor a signature."""
    while not clock.is_set():
        try:
            wifi.connect(link)
            log("I clock set", server=sync(servers))
        except (WiFiError, ClockError, CredentialsError) as e:
            log("W clock not set", why=e)
            time.sleep_ms(retry_s * 1000)


def sync(servers, timeout_s=2):
    """Set the clock from the first of `servers` ("host" or "host:port") that gives a good time.

    Returns that server's name; raises ClockError with the reason of each when none does.
    """
    reasons = []
    for server in servers:
        host, _, port = server.partition(":")
        try:
            seconds, microseconds = query(host, int(port or _NTP_PORT), timeout_s)
            if not clock.is_credible(seconds):
                raise ClockError(f"its time {seconds} is before this firmware was built")
            clock.set_time(seconds, microseconds)
            return server
        except OSError as e:
            reasons.append(f"{server}: no answer ({e})")
        except ClockError as e:
            reasons.append(f"{server}: {e}")
    raise ClockError("no time server can be used: " + "; ".join(reasons))


def query(host, port, timeout_s):
    """Ask one NTP server; return (UTC seconds since 1970, microseconds).

    Raises OSError or ClockError. One exchange is good to half of its round trip, which is
    enough: a signature may be 15 minutes off.
    """
    cookie = os.urandom(8)
    packet = bytearray(48)
    packet[0] = _REQUEST_VERSION_MODE
    packet[40:48] = cookie
    address = socket.getaddrinfo(host, port, 0, socket.SOCK_DGRAM)[0][-1]
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        s.settimeout(timeout_s)
        s.connect(address)  # from now on only this server's packets are let through
        s.send(packet)
        reply = s.recv(48)
    finally:
        s.close()
    return _parse(reply, cookie)


def _parse(reply, cookie):
    if len(reply) < 48 or reply[0] & 7 != _MODE_SERVER or reply[24:32] != cookie:
        raise ClockError("not an answer to our question")
    if reply[1] == 0:
        raise ClockError(f"refused us ({bytes(reply[12:16]).decode()})")  # kiss-of-death code
    if reply[0] >> 6 == _LEAP_UNSYNCHRONISED or reply[1] > _STRATUM_MAX:
        raise ClockError("does not know the time itself")
    seconds, fraction = struct.unpack(">II", reply[40:48])
    if seconds == 0:
        raise ClockError("sent no time")
    if seconds < _NTP_ERA_S >> 1:
        seconds += _NTP_ERA_S
    return seconds - _NTP_EPOCH_S, fraction * 1000000 >> 32
