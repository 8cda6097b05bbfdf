"""The Wi-Fi station of a simulated board, among access points that the test describes."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from typing import Any

from megacam.sim.peripherals import PortError

MAC = bytes.fromhex("240ac4000001")
# Association and DHCP of a good router.
_JOIN_US = 300_000


class Radio:
    """The Wi-Fi station, which joins the networks around it with the habits of the real driver.

    `networks` are the access points in range, each {"ssid", "bssid", "password", "rssi", "hidden",
    "ghost", "dhcp", "refusal"}, all optional except ssid. `bssid` is in hex. A `ghost` is found by
    a scan but gone afterwards. `refusal` is the status of a wrong password, which the driver often
    hides behind CONNECTING. The status of a failure stays until there is an address. connect()
    during a connect() is an error. A lost link comes back by itself.

    If several access points have the same name, the driver takes the first in `networks`, as the
    real one takes the first that it hears; connect() with a BSSID only ever takes that one.
    `hostname`, `power_save` and `cycles` (off and on) show what the firmware did.
    """

    PM_NONE, PM_PERFORMANCE, PM_POWERSAVE = 0, 1, 2
    IDLE, CONNECTING, GOT_IP, NO_AP_FOUND, WRONG_PASSWORD = 1000, 1001, 1010, 201, 202
    _NOBODY = ("0.0.0.0", "255.255.255.0", "0.0.0.0", "0.0.0.0")
    _BY_DHCP = ("127.0.0.1", "255.0.0.0", "127.0.0.1", "127.0.0.1")

    def __init__(self, networks: Sequence[dict[str, Any]]):
        self.networks = list(networks)
        self.now_us = 0
        self._active = False
        self._joining: tuple[str, str, str | None] | None = None
        self._since_us = 0
        self._status = self.IDLE
        self._address: Sequence[str] | None = None
        self._hostname = "mpy-esp32"
        self.power_save = 1  # the IDF's default
        self._is_stuck = self._is_dead = False
        self.cycles = 0
        self._silent_until_us = 0

    def __call__(self, interface: int = 0) -> "Radio":
        """Return the only station, as `WLAN(interface)` does."""
        return self

    def blink(self, outage_ms: int) -> None:
        """Remove all networks for `outage_ms`; a joined one comes back by itself."""
        self._silent_until_us = self.now_us + outage_ms * 1000

    def lose(self, bssid: str) -> None:
        """Remove the access point with that address for good."""
        self.networks = [ap for ap in self.networks if ap.get("bssid") != bssid]

    def jam(self, dead: bool = False) -> None:
        """Get stuck: no network is joined until the radio is turned off, or never if `dead`."""
        self._is_stuck = True
        self._is_dead = self._is_dead or dead

    def _air(self) -> list[dict[str, Any]]:
        return [] if self.now_us < self._silent_until_us else self.networks

    def active(self, on: bool | None = None) -> bool:
        if on is not None:
            if self._active and not on:
                self._joining = None
                self._status = self.IDLE
                self._is_stuck = False
                self.cycles += 1
            self._active = bool(on)
        return self._active

    def scan(self) -> list[tuple[bytes, bytes, int, int, int, bool]]:
        """Return (name, address, channel, dBm, ...) of each; a name may be any bytes."""
        self._must_be_active()
        found = [
            (
                b"" if ap.get("hidden") else os.fsencode(ap["ssid"]),
                bytes.fromhex(bssid),
                6,
                self._rssi(ap),
                3,
                False,
            )
            for bssid, ap in self._addressed()
        ]
        return sorted(found, key=lambda ap: -ap[3])

    def _addressed(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield (address, access point); a missing address is derived from name and number."""
        names: list[str] = []
        for ap in self._air():
            names.append(ap["ssid"])
            name = os.fsencode(f"{ap['ssid']} {names.count(ap['ssid'])}")
            yield ap.get("bssid") or "02" + hashlib.sha256(name).hexdigest()[:10], ap

    @staticmethod
    def _rssi(ap: dict[str, Any]) -> int:
        return ap.get("rssi", -55)

    def connect(self, ssid: str, key: str | None = None, *, bssid: str | None = None) -> None:
        self._must_be_active()
        if bssid is not None and len(bssid) != 12:
            raise PortError(ValueError)
        if self._joining and not self.isconnected():
            raise PortError(OSError, "Wifi Internal Error")
        self._joining = (ssid, key or "", bssid)
        self._since_us = self.now_us

    def disconnect(self) -> None:
        self._joining = None

    def status(self, what: str | None = None) -> int:
        ap = self._target()
        if self._joining and self.now_us - self._since_us >= _JOIN_US:
            self._status = self._result(ap)
        if what != "rssi":
            return self._status
        if ap and self._lets_in(ap):
            return self._rssi(ap)
        raise PortError(OSError, "Wifi Not Connected")

    def isconnected(self) -> bool:
        return self._joining is not None and self.status() == self.GOT_IP

    def ifconfig(self, address: Sequence[str] | None = None) -> Sequence[str]:
        if address == "dhcp" and not self._address:
            # ESP_ERR_ESP_NETIF_DHCP_ALREADY_STARTED, for which the port has no text.
            raise PortError(RuntimeError, "Wifi Unknown Error 0x5004")
        if address:
            self._address = None if address == "dhcp" else address
        return self._address or (self._BY_DHCP if self.isconnected() else self._NOBODY)

    def config(self, name: str = "", *, pm: int | None = None) -> Any:
        self._must_be_active()
        if pm is not None:
            self.power_save = pm
        if name == "ssid":
            return self._joining[0] if self._joining else ""
        return MAC if name == "mac" else None

    def hostname(self, name: str | None = None) -> str:
        self._hostname = name or self._hostname
        return self._hostname

    def _must_be_active(self) -> None:
        if not self._active or self._is_dead:
            raise PortError(OSError, "Wifi Not Started")

    def _target(self) -> dict[str, Any] | None:
        """Return the access point that the driver tries to reach; None if it is not there."""
        if not self._joining:
            return None
        ssid, _, wanted = self._joining
        for bssid, ap in self._addressed():
            if ap["ssid"] == ssid and wanted in (None, bssid) and not ap.get("ghost"):
                return ap
        return None

    def _result(self, ap: dict[str, Any] | None) -> int:
        if not ap:
            return self.NO_AP_FOUND
        if self._is_stuck:
            return self.CONNECTING
        if not self._lets_in(ap):
            return ap.get("refusal", self.WRONG_PASSWORD)
        return self.GOT_IP if self._address or ap.get("dhcp", True) else self.CONNECTING

    def _lets_in(self, ap: dict[str, Any]) -> bool:
        is_key = self._joining is not None and ap.get("password", "") == self._joining[1]
        return is_key and not self._is_stuck
