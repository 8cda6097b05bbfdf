"""The ESP32's `network`: a WLAN whose air is described by `networks` in the board's world.json.

world.json: "networks": [{"ssid", "password", "rssi", "hidden", "dhcp"}]. The driver's own habits
are kept: a stale status until an address is had, an error when connect() runs twice.
"""

import json

import time

STA_IF = 0
AP_IF = 1
STAT_IDLE = 1000
STAT_CONNECTING = 1001
STAT_GOT_IP = 1010
STAT_BEACON_TIMEOUT = 200
STAT_NO_AP_FOUND = 201
STAT_WRONG_PASSWORD = 202
STAT_ASSOC_FAIL = 203
STAT_HANDSHAKE_TIMEOUT = 204

_JOIN_MS = 300
_hostname = "mpy-esp32"


def hostname(name=None):
    global _hostname
    if name is None:
        return _hostname
    if len(name) > 32:
        raise ValueError("hostname too long")
    _hostname = name


def country(code=None):
    return code or "XX"


def _air():
    with open("/.board/world.json") as f:
        return json.load(f)["networks"]


class WLAN:
    PM_NONE = 0
    PM_PERFORMANCE = 1
    PM_POWERSAVE = 2
    IF_STA = STA_IF
    IF_AP = AP_IF

    _only = None

    def __new__(cls, interface=STA_IF):
        if cls._only is None:
            cls._only = super().__new__(cls)
            cls._only._reset()
        return cls._only

    def _reset(self):
        self._active = False
        self._network = None  # the access point being joined
        self._since_ms = 0
        self._status = STAT_IDLE
        self._address = ("0.0.0.0", "255.255.255.0", "0.0.0.0", "0.0.0.0")
        self._config = {}

    def active(self, on=None):
        if on is None:
            return self._active
        if not on:
            self._reset()
        self._active = bool(on)

    def scan(self):
        if not self._active:
            raise OSError("Wifi Not Started")
        found = [
            (ap["ssid"].encode(), b"\x24\x0a\xc4\x00\x00\x02", 6, ap.get("rssi", -55), 3, False)
            for ap in _air()
            if not ap.get("hidden")
        ]
        return sorted(found, key=lambda ap: -ap[3])

    def connect(self, ssid=None, key=None, **_):
        if not self._active:
            raise OSError("Wifi Not Started")
        if self._network is not None and not self.isconnected():
            raise OSError("Wifi Internal Error")
        self._since_ms = time.ticks_ms()
        self._network = {"ssid": ssid, "key": key or ""}

    def disconnect(self):
        self._network = None

    def _result(self):
        for ap in _air():
            if ap["ssid"] == self._network["ssid"]:
                if ap.get("password", "") != self._network["key"]:
                    return STAT_WRONG_PASSWORD
                return STAT_GOT_IP if ap.get("dhcp", True) else STAT_CONNECTING
        return STAT_NO_AP_FOUND

    def status(self, what=None):
        if what == "rssi":
            if not self.isconnected():
                raise OSError("Wifi Not Connected")
            return [ap.get("rssi", -55) for ap in _air() if ap["ssid"] == self._network["ssid"]][0]
        if self._network is None:
            return self._status
        if time.ticks_diff(time.ticks_ms(), self._since_ms) >= _JOIN_MS:
            self._status = self._result()
        return self._status

    def isconnected(self):
        return self._network is not None and self.status() == STAT_GOT_IP

    def ifconfig(self, address=None):
        if address is not None:
            self._address = address
        elif self.isconnected() and self._address[0] == "0.0.0.0":
            return ("127.0.0.1", "255.0.0.0", "127.0.0.1", "127.0.0.1")
        return self._address

    def config(self, name=None, **values):
        if name == "mac":
            return b"\x24\x0a\xc4\x00\x00\x01"
        if name is not None:
            return self._config.get(name)
        self._config.update(values)
