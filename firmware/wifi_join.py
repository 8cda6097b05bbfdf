"""Join the strongest known Wi-Fi network, within a deadline, and say in words why not.

Loaded when there is no link. The ESP32's driver keeps the reason of its last failure until it
has an address, so a status of "wrong password" right after connect() may be an old one: only
the deadline decides.
"""

import time

from firmware.errors import WiFiError

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_JOIN_MS = const(20000)  # association, handshake and DHCP together; a slow router takes about ten
_POLL_MS = const(100)

# network.STAT_...: the driver's words for why it is not connected.
_CONNECTING = const(1001)
_WRONG_PASSWORD = const(202)


def join(wlan, networks):
    """Join one of `networks` [{"ssid", "password"}, ...]; return its name. Raises WiFiError."""
    strengths = _scan(wlan)
    known = [n for n in networks if n["ssid"] in strengths]
    if not known:
        raise WiFiError(_not_found(networks, strengths))
    known.sort(key=lambda n: -strengths[n["ssid"]])
    for n in known:
        if _join(wlan, n["ssid"], n.get("password", "")):
            return n["ssid"]
    raise WiFiError(_why(wlan.status(), known[-1]["ssid"]))


def _scan(wlan):
    try:
        return {ap[0].decode(): ap[3] for ap in sorted(wlan.scan(), key=lambda ap: ap[3])}
    except (OSError, RuntimeError) as e:  # the port raises both, with a text instead of a number
        raise WiFiError(f"cannot scan for networks ({e}); power-cycle the board")


def _join(wlan, ssid, password):
    try:
        wlan.disconnect()  # connect() fails while the driver is still trying another network
    except OSError:
        pass
    try:
        wlan.connect(ssid, password or None)
    except (OSError, RuntimeError):
        return False
    start = time.ticks_ms()
    while time.ticks_diff(time.ticks_ms(), start) < _JOIN_MS:
        if wlan.isconnected():
            return True
        time.sleep_ms(_POLL_MS)
    return False


def _not_found(networks, strengths):
    if not networks:
        return "no Wi-Fi network is known; run `megacam provision`"
    names = ", ".join(repr(n["ssid"]) for n in networks)
    seen = sorted(strengths, key=lambda ssid: -strengths[ssid])[:3]
    found = ", ".join(f"{ssid!r} {strengths[ssid]} dBm" for ssid in seen) or "none at all"
    return f"{names} not found (seen: {found}); check wifi.networks and the distance"


def _why(status, ssid):
    if status == _WRONG_PASSWORD:
        return f"{ssid!r} refused us, probably a wrong password; check wifi.networks"
    if status == _CONNECTING:
        return f"{ssid!r} gave us no address; check the router's DHCP"
    return f"{ssid!r} could not be joined (status {status}); check wifi.networks"
