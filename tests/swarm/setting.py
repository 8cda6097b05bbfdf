"""What a history's board is given: its files, secrets and servers, and what is due when."""

import calendar
import copy
import json
import time
import zlib
from typing import TYPE_CHECKING, Any

from megacam import device_code, settings
from megacam.board import tree

from swarm import fat, mutations, servers
from swarm.ledger import BrokenError
from swarm.network import Server
from swarm.store import Store

if TYPE_CHECKING:
    from swarm.world import World

_CARD_BYTES = 1 << 20
_IOT_HOST = "abcdefg.credentials.iot.eu-central-1.amazonaws.com"
_HTTP_HOSTS = ("connectivitycheck.gstatic.com", "detectportal.firefox.com")
_NTP_HOSTS = ("pool.ntp.org", "time.google.com", "ntp.example")
_EARLY_S, _LATE_S = 3, 90
_REPORT = ("time", "device", "version", "uptime_s", "boots", "photos", "spool", "errors", "log")
#: What your own sensor may do: {kind: source of its module}.
SENSORS = {
    "good": "def read():\n    return 21.5\n",
    "raises": "def read():\n    raise OSError(19)\n",
    "slow": "import time\n\n\ndef read():\n    time.sleep_ms(900)\n    return 21.5\n",
    "hangs": "import time\n\n\ndef read():\n    while True:\n        time.sleep_ms(500)\n",
}
_WATCHDOG = 3


def root(name: str) -> bytes:
    """Return the bytes of a root certificate of this world."""
    return b"\x30\x82" + f"root of {name}".encode()


class Setting:
    """Furnishes a world. `config` is the board's config.json as it is now, without secrets."""

    def __init__(self, world: "World"):
        self._world = world
        history = world.history
        self.config: dict[str, Any] = json.loads(json.dumps(history.config))
        self.roots = {"roots/swarm1.der": root("store 1")}
        self._count = 0
        self._has_certificate = bool(history.world["iot"])
        self.store = self._make_store(self.config["s3"], history.world["store"], "store 1")
        self.provider: servers.CredentialProvider | None = None
        self.networks: list[dict[str, Any]] = [dict(n) for n in history.world["networks"]]

    @property
    def has_schedule(self) -> bool:
        """Whether photos are not taken all day."""
        return "schedule" in self.config

    @property
    def shot_s(self) -> int:
        """Seconds from one photo to the next at most, if nothing moves."""
        motion = self.config.get("motion", {})
        keepalive_s = motion["keepalive_min"] * 60 if motion.get("mode") == "gate" else 0
        return self.config["interval_s"] + keepalive_s

    def may_hang(self, cause: int) -> bool:
        """Return whether the watchdog may end a start with that machine.reset_cause()."""
        return self._world.history.world.get("sensor") == "hangs" and cause != _WATCHDOG

    # The board

    def board_config(self) -> bytes:
        """Return the checked config.json."""
        checked, _ = settings.check(self.config)
        return checked

    def hand_config(self) -> bytes:
        """Return a config.json as a person writes it: not checked, and with secrets.

        The key in it is a new one. The board moves the secrets into NVS.
        """
        config = json.loads(json.dumps(self.config))
        names = ("ssid", "password", "hidden", "address")
        known = [{k: n[k] for k in names if k in n} for n in self.networks]
        config.setdefault("wifi", {})["networks"] = known
        if not self._has_certificate:
            key = self.make_key()
            config["aws"] = {"access_key_id": key["id"], "secret_access_key": key["secret"]}
        return json.dumps(config).encode()

    def files(self) -> dict[str, bytes]:
        """Return the files of the flash."""
        return tree.placed(self.slot_files())

    def slot_files(self) -> dict[str, bytes]:
        """Return the same, but with those of the slot by their paths below it."""
        sensor = self._world.history.world.get("sensor")
        return {
            **mutations.firmware(self._world.mutation),
            **self.roots,
            **({"thermo.py": SENSORS[sensor].encode()} if sensor else {}),
            "config.json": self.board_config(),
        }

    def card_bytes(self) -> int:
        """Return the size of the SD card's slot, 0 if there is none."""
        return _CARD_BYTES if self._world.history.world["card"] else 0

    def waiting_on_cards(self) -> set[str]:
        """Return the SHA-256 of each photo that waits on the SD card."""
        return fat.waiting(self._world.board.card) if self.card_bytes() else set()

    # The world

    def _make_store(self, s3: dict[str, Any], flavour: str, root_name: str) -> Store:
        where = settings.where()
        endpoint = s3.get("endpoint") or where.amazon(s3["region"])
        _, host, port = where.parts(endpoint)
        is_path = where.is_path(s3["bucket"], host, s3.get("path_style"))
        full = host if is_path else f"{s3['bucket']}.{host}"
        prefix = f"/{s3['bucket']}/" if is_path else "/"
        device = self._world.history.config["device"]
        store = Store(self._world, full, prefix, s3["region"], flavour, device)
        store.root = zlib.crc32(root(root_name))
        self._world.network.add(full, port or 443, Server(store.open, store.certificate))
        self._world.stores.append(store)
        return store

    def furnish(self) -> None:
        """Put servers, networks, card and secrets into the world."""
        world = self._world
        world.chip.radio.networks[:] = self.air()
        for network in self.networks:
            world.secrets.add(network["password"])
        for host in _NTP_HOSTS:
            world.network.add(host, 123, Server(answer=lambda data: servers.ntp(world, data)))
        for host in _HTTP_HOSTS:
            make = lambda wire: servers.HTTPTime(world, wire)  # noqa: E731
            world.network.add(host, 80, Server(make))
        if self.card_bytes():
            world.board.write_card(fat.empty(_CARD_BYTES))
        world.chip.volts[34] = 2.0
        self.provision_networks()
        self.provision_key()

    def air(self) -> list[dict[str, Any]]:
        """Return the access points as they are now."""
        world = self._world
        if world.is_on("no-wifi"):
            return []
        found = [{"dhcp": not world.is_on("no-dhcp"), **network} for network in self.networks]
        if world.is_on("router-password"):
            found = [{**network, "password": "a changed password"} for network in found]
        for network in found:
            if "address" in network:
                del network["address"]
        return found

    def add_network(self, network: dict[str, Any]) -> None:
        """Put up another access point, of which the board does not know."""
        if all(one["ssid"] != network["ssid"] for one in self.networks):
            self.networks.append({**network, "rssi": -50})
            self._world.secrets.add(network["password"])
            self._world.chip.radio.networks[:] = self.air()

    def provision_networks(self) -> None:
        """Write the routers' present passwords into NVS, as `megacam provision` does."""
        names = ("ssid", "password", "hidden", "address")
        known = [{k: n[k] for k in names if k in n} for n in self.networks]
        self._world.chip.provision("wifi", known)
        self._world.chip.erase("wifi_before")

    def provision_key(self) -> None:
        """Make a new key, or certificate, for the board's store and write it into NVS."""
        chip = self._world.chip
        if self._has_certificate:
            self._count += 1
            provider = self._provider()
            provider.certificate_id = f"certificate {self._count}"
            key = b"\x30private" + f"{self._count:08}".encode()
            certificate = f"certificate {self._count}".encode() + key[-8:]
            iot = {"host": _IOT_HOST, "role_alias": "photo-role", "thing": "cam1"}
            # As `megacam provision` does: the other slot first, then the entry that names it.
            slot = "2" if self._count % 2 == 0 else ""
            chip.provision("iot_cert" + slot, certificate)
            chip.provision("iot_key" + slot, key)
            chip.provision("iot", {**iot, "slot": slot})
            return
        chip.provision("aws", self.make_key())

    def make_key(self) -> dict[str, str]:
        """Make a new key at the store and delete the others; return it as NVS keeps it."""
        self._count += 1
        key_id, secret = f"AKIASWARM{self._count:011}", f"swarm/secret+{self._count:027}"
        self.store.keys.clear()
        self.store.keys[key_id] = secret, ""
        self._world.secrets.add(secret)
        return {"id": key_id, "secret": secret}

    def revoke_key(self) -> None:
        """Delete the board's key, or deactivate its certificate."""
        self.store.keys.clear()
        if self.provider:
            self.provider.certificate_id = "none"

    def _provider(self) -> servers.CredentialProvider:
        if not self.provider:
            life_s = self._world.history.world["iot_life_s"]
            self.provider = servers.CredentialProvider(self._world, self.store, _IOT_HOST, life_s)
            provider = self.provider
            self._world.network.add(_IOT_HOST, 443, Server(provider.open, provider.certificate))
        return self.provider

    def check_expiry(self, key_id: str) -> None:
        """Judge a request with a key that the store does not know."""
        if self.provider:
            self.provider.check_expiry(key_id)

    def move(self) -> None:
        """Set up another store, with another root, and point the configuration at it."""
        number = len(self._world.stores) + 1
        host = f"store{number}.example"
        self.config["s3"].update({"endpoint": f"https://{host}", "path_style": None})
        self.config["s3"]["integrity"] = "auto"
        self.store = self._make_store(self.config["s3"], "full", f"store {number}")
        self.roots = {"roots/swarm1.der": root(f"store {number}")}
        if self._has_certificate:
            self._has_certificate = False  # that is for AWS only
            self._world.chip.erase("iot")
        self.provision_key()

    def change_root(self) -> None:
        """Let the store present a certificate of another root."""
        self._count += 1
        self.store.root = zlib.crc32(root(f"another {self._count}"))

    def new_roots(self) -> None:
        """Let the next deploy bring the root that fits the store now."""
        name = f"another {self._count}"
        self.roots = {"roots/swarm1.der": root(name)}
        self.store.root = zlib.crc32(root(name))

    # What is due

    def due_between(self, since_s: int, until_s: int, interval_s: int = 0) -> int:
        """Return how many photos were due, by the schedule; times are UTC since 1970."""
        interval_s = interval_s or self.shot_s
        whole = settings.schema()
        if not self.has_schedule:
            return (until_s - since_s) // interval_s
        plan = device_code.load("firmware.shot.day_plan")
        schedule = device_code.load("firmware.shot.schedule")
        values, _ = whole.check(copy.deepcopy(self.config))
        flat = device_code.load("firmware.settings.together").nest(values)
        count, at_s = 0, since_s
        while at_s < until_s:
            windows, end_s = plan.plan(at_s, flat["schedule"], flat["location"])
            end_s = max(min(end_s, until_s), at_s + 60)
            count += schedule.missed(at_s - 1, end_s, interval_s, windows)
            at_s = end_s
        return count

    def is_in_window(self, metadata: dict[str, str]) -> bool:
        """Return whether a photo with a known date was due when it was taken."""
        at = metadata.get("taken-at")
        is_known = metadata.get("clock-error-ms") != "unknown"
        if not (self.has_schedule and at and is_known):
            return True
        taken_s = calendar.timegm(time.strptime(at, "%Y-%m-%dT%H:%M:%SZ"))
        # A photo for motion or a trigger goes at any moment of a window.
        is_early = "motion" in self.config or "trigger" in self.config
        interval_s = 5 if is_early else self.config["interval_s"]
        late_s = max(2 * interval_s, _LATE_S)
        return self.due_between(taken_s - late_s, taken_s + _EARLY_S, interval_s) > 0

    def check_reading(self, metadata: dict[str, str]) -> None:
        """Judge what your own sensor says in the metadata of a photo."""
        reading = metadata.get("reading", "")
        # After a restart by the watchdog, the sensor is left out.
        wanted = {"good": ("", "21.5"), "slow": ("", "21.5")}
        if reading not in wanted.get(self._world.history.world.get("sensor", ""), ("",)):
            raise BrokenError("reading", f"the sensor says {reading!r}")

    def check_report(self, body: bytes) -> None:
        """Judge a health report."""
        try:
            report = json.loads(body)
        except ValueError:
            raise BrokenError("report", f"status.json is not JSON: {body[:200]!r}") from None
        missing = [name for name in _REPORT if name not in report]
        if missing:
            raise BrokenError("report", f"status.json lacks {', '.join(missing)}")
