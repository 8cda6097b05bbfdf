"""Join the strongest known Wi-Fi network, within a deadline, and say in words why not.

Loaded when there is no link. The ESP32's driver keeps the reason of its last failure until it
has an address, so a status of "wrong password" right after connect() may be an old one: only
what stands when the time is up is believed. It raises RuntimeError beside OSError, both with a
text instead of a number.
"""

import time

import network

from firmware import rare, wifi
from firmware.errors import WiFiError

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_ALL_MS = const(60000)  # the watchdog waits for longer
_JOIN_MS = const(20000)  # association, handshake and DHCP together; a slow router takes about ten
_MEND_MS = const(5000)  # the driver tries again at once, without being asked
_PAUSE_MS = const(500)
_POLL_MS = const(100)

# wlan.PM_NONE, PM_PERFORMANCE and PM_POWERSAVE, which are wifi_ps_type_t of the IDF.
_POWER_SAVE = {"none": 0, "min": 1, "max": 2}

# network.STAT_...: the driver's words for why it is not connected.
_IDLE = const(1000)
_CONNECTING = const(1001)
_NOT_FOUND = const(201)
_WRONG_PASSWORD = const(202)


def connect(section, stage=0, buf=None, limit_ms=_ALL_MS):
    """Bring the link up; return the network's name and our address, or None if it was up.

    `section` is the section "wifi" of the settings. `stage` says how hard to try, one more after
    each failure: 0 gives the driver a moment to mend a broken link itself, 1 joins anew, and from
    2 on the radio goes off and on before. What comes after that is the caller's: a reset. `buf`
    is for credentials_read.load().
    A link survives a soft reset, and a second connect() while one runs is an error: a link that
    is up is left alone. Takes 70 s at most. Raises WiFiError, CredentialsError.
    """
    if wifi.is_up():
        return None
    network.hostname(section["hostname"])
    wlan = network.WLAN(network.STA_IF)
    networks = rare.call("credentials_read", "load", "wifi", buf)
    ssid = _join(wlan, networks, section["power_save"], stage)
    return ssid, wlan.ifconfig()[0]


def _join(wlan, networks, power_save, stage):
    if not networks:
        raise WiFiError("no Wi-Fi network is known; run `megacam provision`")
    try:
        if stage == 0 and wlan.active() and wlan.status() != _IDLE and _waits(wlan, _MEND_MS):
            return wlan.config("ssid")
        _switch_on(wlan, power_save, stage > 1)
        seen = _scan(wlan)
    except (OSError, RuntimeError) as e:
        raise WiFiError(f"the radio does not work ({e}); power-cycle the board")
    return _join_any(wlan, networks, seen)


def _switch_on(wlan, power_save, is_cycle):
    if is_cycle:
        wlan.active(False)
        time.sleep_ms(_PAUSE_MS)
    wlan.active(True)
    _stop(wlan)
    wlan.config(pm=_POWER_SAVE[power_save])


def _stop(wlan):
    try:
        wlan.disconnect()  # connect() fails while the driver is still trying
    except (OSError, RuntimeError):
        pass
    # The driver tells of it a little later, and would take it for the end of the next connection.
    time.sleep_ms(_PAUSE_MS)


def _scan(wlan):
    """Return {name as bytes: dBm} of the air; of several access points the strongest."""
    return {ap[0]: ap[3] for ap in sorted(wlan.scan(), key=lambda ap: ap[3]) if ap[0]}


def _join_any(wlan, networks, seen):
    # Strongest first, then those that do not show themselves.
    known = [n for n in networks if n["ssid"].encode() in seen or n.get("hidden")]
    known.sort(key=lambda n: -seen.get(n["ssid"].encode(), -999))
    start = time.ticks_ms()
    reasons = [_absent(networks, seen)] if not known else []
    for n in known:
        left_ms = _ALL_MS - time.ticks_diff(time.ticks_ms(), start)
        if left_ms <= 0:
            break
        try:
            _connect(wlan, n)
            if _waits(wlan, min(left_ms, _JOIN_MS)):
                return n["ssid"]
            reasons.append(f"{n['ssid']!r} {_why(wlan)}")
        except (OSError, RuntimeError, ValueError) as e:
            reasons.append(f"{n['ssid']!r} could not be tried ({e})")
        _stop(wlan)
    raise WiFiError("; ".join(reasons) + "; check wifi.networks and the distance")


def _connect(wlan, n):
    if n.get("address"):
        wlan.ifconfig(tuple(n["address"]))
    else:
        try:
            wlan.ifconfig("dhcp")
        except (OSError, RuntimeError):
            pass  # it was on already
    wlan.connect(n["ssid"], n.get("password") or None)


def _waits(wlan, limit_ms):
    """Wait for an address; return whether it came."""
    start = time.ticks_ms()
    while time.ticks_diff(time.ticks_ms(), start) < limit_ms:
        if wlan.isconnected():
            return True
        time.sleep_ms(_POLL_MS)
    return wlan.isconnected()


def _absent(networks, seen):
    names = ", ".join(repr(n["ssid"]) for n in networks)
    strongest = sorted(seen, key=lambda ssid: -seen[ssid])[:3]
    found = ", ".join(f"{_text(ssid)!r} {seen[ssid]} dBm" for ssid in strongest)
    return f"{names} not found (seen: {found or 'none at all'})"


def _text(ssid):
    try:
        return ssid.decode()
    except ValueError:
        return ssid  # any 32 bytes are a name


def _why(wlan):
    status = wlan.status()
    try:
        wlan.status("rssi")
        return "gave us no address; check the router's DHCP, or set an address"
    except (OSError, RuntimeError):
        pass  # not associated
    if status == _NOT_FOUND:
        return "was not found"
    if status in (_WRONG_PASSWORD, _CONNECTING):
        # A refused handshake arrives as either.
        return "refused us, probably a wrong password"
    return f"could not be joined (status {status})"
