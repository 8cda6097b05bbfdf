"""Join the strongest known Wi-Fi network within a deadline, or raise an error that says why not.

Loaded when there is no link. The ESP32's driver keeps the reason of its last failure until it
has an address. A status of "wrong password" right after connect() may be an old one, so only the
status at the end of the wait counts. The driver raises RuntimeError as well as OSError, both with
a text instead of a number.

If several access points have the same name, the driver takes the first that answers. So connect()
passes it the address (BSSID) of the strongest one. The driver then uses no other access point: if
this one disappears, the next connect() scans again.
"""

import time

import network

from firmware import wifi
from firmware.errors import NetworkError
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_ALL_MS = const(60000)  # shorter than the watchdog's timeout
_JOIN_MS = const(20000)  # association, handshake and DHCP; a slow router takes about 10 s
_LEAST_MS = const(9000)  # minimum for each try, while there is time
_TRIES = const(3)  # access points to try; this many plus one fit into _ALL_MS
_MEND_MS = const(5000)  # the driver reconnects at once by itself
_PAUSE_MS = const(500)
_POLL_MS = const(100)
_CHECK = "; check wifi.networks and the distance"
_NOWHERE = " not found; check wifi.networks and the distance"
_END_MS = const(600)  # the time of a try besides its wait: one pause and one poll

# wlan.PM_NONE, PM_PERFORMANCE and PM_POWERSAVE: values of the IDF's wifi_ps_type_t.
_POWER_SAVE = {"none": 0, "min": 1, "max": 2}

# network.STAT_...: the driver's reasons for not being connected.
_IDLE = const(1000)
_CONNECTING = const(1001)
_NOT_FOUND = const(201)
_WRONG_PASSWORD = const(202)


def connect(section, stage=0, buf=None, limit_ms=_ALL_MS):
    """Bring the link up; return the network's name and our address, or None if it was up.

    `section` is the settings section "wifi". `stage` is how hard to try; add one after each
    failure. Stage 0 gives the driver a moment to repair a broken link itself, 1 joins again, and
    from 2 on the radio is first switched off and on. A reset after that is up to the caller.
    `buf` is for credentials/read.py. All waits together take at most `limit_ms`; switching the
    radio on and scanning take a few seconds more, in all at most 70 s.
    A link survives a soft reset, and a second connect() while one runs is an error, so a link that
    is up is left alone. Raises NetworkError, CredentialsError.
    """
    if wifi.is_up():
        return None
    network.hostname(section["hostname"])
    wlan = network.WLAN(network.STA_IF)
    from firmware.credentials import read

    networks = read.load("wifi", buf)
    ssid = _join(wlan, networks, section["power_save"], stage, limit_ms)
    return ssid, wlan.ifconfig()[0]


def _join(wlan, networks, power_save, stage, limit_ms):
    if not networks:
        raise NetworkError("no Wi-Fi network is known; run `megacam provision`")
    try:
        if stage == 0 and wlan.active() and wlan.status() != _IDLE:
            if _waits(wlan, min(limit_ms, _MEND_MS)):
                return wlan.config("ssid")
            limit_ms -= _MEND_MS
        if limit_ms <= _END_MS:
            raise NetworkError("no time left to join the Wi-Fi")
        _switch_on(wlan, power_save, stage > 1)
        air = wlan.scan()
    except (OSError, RuntimeError) as e:
        raise NetworkError(f"the radio failed ({_words(e)}); power-cycle the board")
    air.sort(key=lambda ap: -ap[3])
    tries = _tries(networks, air)
    if not tries:
        raise _absent(networks, air)
    # Start with another one at each stage: if time is short, every access point gets its turn.
    turn = max(stage - 1, 0) % len(tries)
    return _join_any(wlan, tries[turn:] + tries[:turn], limit_ms)


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
    # The driver's disconnect event comes a little later and would end the next connection.
    time.sleep_ms(_PAUSE_MS)


def _tries(networks, air):
    """Return [(network, address of an access point or None)] in the order to try them.

    `air` is the result of a scan, strongest first. The order: each network's strongest access
    point, the hidden networks, the other access points, and each network at any access point.
    """
    first, rest, last = [], [], []
    for ap in air:
        for n in networks:
            if n["ssid"].encode() == ap[0]:
                if n in last:
                    rest.append((n, ap[1]))
                else:
                    first.append((n, ap[1]))
                    last.append(n)
    first += [(n, None) for n in networks if n.get("hidden") and n not in last]
    return first + rest[: max(0, _TRIES - len(first))] + [(n, None) for n in last]


def _join_any(wlan, tries, limit_ms):
    reasons = []
    start = time.ticks_ms()
    while tries:
        left_ms = limit_ms - _END_MS - time.ticks_diff(time.ticks_ms(), start)
        if left_ms <= 0:
            break
        n, bssid = tries.pop(0)
        # Leave time for the next one.
        wait_ms = max(_LEAST_MS, left_ms // 2) if tries else left_ms
        try:
            _connect(wlan, n, bssid)
            if _waits(wlan, min(wait_ms, left_ms, _JOIN_MS)):
                return n["ssid"]
            reason = repr(n["ssid"]) + " " + _why(wlan)
        except (OSError, RuntimeError, ValueError) as e:
            reason = f"{n['ssid']!r} could not be tried ({_words(e)})"
        if reason not in reasons:
            reasons.append(reason)
        _stop(wlan)
    raise NetworkError("; ".join(reasons) + _CHECK)


def _words(error):
    from https import words

    return words.explain(error)


def _connect(wlan, n, bssid):
    if n.get("address"):
        wlan.ifconfig(tuple(n["address"]))
    else:
        try:
            wlan.ifconfig("dhcp")
        except (OSError, RuntimeError):
            pass  # DHCP was on already
    wlan.connect(n["ssid"], n.get("password") or None, bssid=bssid)


def _waits(wlan, limit_ms):
    """Wait for an IP address; return whether there is one."""
    start = time.ticks_ms()
    while time.ticks_diff(time.ticks_ms(), start) < limit_ms:
        if wlan.isconnected():
            return True
        time.sleep_ms(_POLL_MS)
    return wlan.isconnected()


def _absent(networks, air):
    names = ", ".join(repr(n["ssid"]) for n in networks)
    names_seen, found = [b""], []
    for ap in air:
        if ap[0] not in names_seen and len(found) < 3:
            names_seen.append(ap[0])
            found.append(f"{_text(ap[0])!r} {ap[3]} dBm")
    seen = ", ".join(found) or "none"
    log("I wifi seen", networks=seen)  # level I: warnings would go into the report
    error = NetworkError(names + _NOWHERE)
    error.seen = f" (seen: {seen})"
    return error


def _text(ssid):
    try:
        return ssid.decode()
    except ValueError:
        return ssid  # a name may be any 32 bytes


def _why(wlan):
    status = wlan.status()
    try:
        wlan.status("rssi")
        return "gave the board no address; check the router's DHCP or set an address"
    except (OSError, RuntimeError):
        pass  # not associated
    if status == _NOT_FOUND:
        return "was not found"
    if status in (_WRONG_PASSWORD, _CONNECTING):
        # A refused handshake gives one or the other.
        return "refused the board (wrong password?)"
    return f"could not be joined (status {status})"
