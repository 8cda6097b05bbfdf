"""The other servers: time by NTP and by HTTP, and AWS IoT's credential provider."""

import email.utils
import json
import time
from typing import TYPE_CHECKING

from megacam.sim import ntp_server

from swarm.ledger import BrokenError
from swarm.network import Certificate, Wire

if TYPE_CHECKING:
    from swarm.store import Store
    from swarm.world import World

NTP_WRONG = ("kiss-of-death", "not-synchronised", "wrong-mode", "zero-stamp", "wrong-year")
_MARGIN_S = 305  # the firmware asks for a new key 300 s before the old one expires
DATES_WRONG = ("none", "redirect", "cached", "closed")


def ntp(world: "World", data: bytes) -> bytes | None:
    """Return the answer of an NTP server, or None."""
    if world.is_on("ntp-blocked"):
        return None
    wrong = world.fault("ntp-wrong")
    now_s = _told_s(world)
    try:
        return ntp_server.reply(data, now_s, now_s, wrong.detail if wrong else "")
    except ValueError:
        world.wrong("an NTP request is malformed")
        return None


def _told_s(world: "World") -> float:
    lie = world.fault("ntp-lies")
    return world.engine.utc() + (int(lie.detail) if lie else 0)


class HTTPTime:
    """One connection to a plain web server, which tells its date."""

    def __init__(self, world: "World", wire: Wire):
        self._world, self._wire, self._buffer = world, wire, b""

    def receive(self, data: bytes) -> None:
        self._buffer += data
        if b"\r\n\r\n" not in self._buffer:
            return
        self._buffer = b""
        fault = self._world.fault("date-wrong")
        wrong = fault.detail if fault else "redirect" if self._world.is_on("portal") else ""
        date = email.utils.formatdate(int(_told_s(self._world)), usegmt=True)
        lines = "" if wrong == "none" else f"Date: {date}\r\n"
        if wrong == "cached":
            lines += "Age: 4000\r\n"
        status = "204 No Content"
        if wrong == "redirect":
            status, lines = "302 Found", lines + "Location: http://login.example/\r\n"
        if wrong != "closed":
            head = f"HTTP/1.1 {status}\r\n{lines}Connection: close\r\n\r\n"
            self._wire.send(head.encode())
        self._wire.close()


class CredentialProvider:
    """AWS IoT's endpoint that gives keys of `store` for a certificate; `life_s` is how long."""

    def __init__(self, world: "World", store: "Store", host: str, life_s: int):
        self.world, self.store, self.host, self.life_s = world, store, host, life_s
        #: The certificate that is active.
        self.certificate_id = ""
        self._count = 0
        self._ends_us: dict[str, int] = {}

    def certificate(self) -> Certificate:
        """Return what it presents: Amazon's root, as the store does."""
        begin_s = self.world.engine.begin_s
        return Certificate((self.host,), self.store.root, begin_s - 86400, begin_s + 400 * 86400)

    def open(self, wire: Wire) -> "_CredentialSession":
        """Return its side of a new connection."""
        return _CredentialSession(self, wire)

    def check_expiry(self, key_id: str) -> None:
        """Judge a request with an expired key: the board must have asked for a new one before."""
        asked_us = self.world.network.asked_us.get(self.host, 0)
        end_us = self._ends_us.get(key_id, 0)
        if end_us and asked_us < end_us - _MARGIN_S * 1_000_000:
            raise BrokenError("expiry", "a key is used until it expires, and no new one asked for")

    def issue(self) -> dict[str, str]:
        """Return a new temporary key, which the store knows until it expires."""
        self._count += 1
        key_id, secret = f"ASIASWARM{self._count:07}", f"temporary/secret+{self._count:07}"
        token = f"token{self._count:07}" * 40
        ends_s = int(self.world.engine.utc()) + self.life_s
        self.store.keys[key_id] = secret, token
        self.world.secrets.add(secret)
        end_us = self.world.engine.now_us + self.life_s * 1_000_000
        self._ends_us[key_id] = end_us
        self.world.engine.at(end_us, lambda: self.store.keys.pop(key_id, None))
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ends_s))
        return {
            "accessKeyId": key_id,
            "secretAccessKey": secret,
            "sessionToken": token,
            "expiration": at,
        }


class _CredentialSession:
    def __init__(self, provider: CredentialProvider, wire: Wire):
        self._provider, self._wire, self._buffer = provider, wire, b""

    def receive(self, data: bytes) -> None:
        self._buffer += data
        if b"\r\n\r\n" not in self._buffer:
            return
        head, self._buffer = self._buffer.decode(), b""
        world = self._provider.world
        world.note_request(head)
        world.place("head")
        if world.is_on("silent-head"):
            return
        if world.is_on("internal-error"):
            self._reply(500, {"message": "internal failure"})
        elif not head.startswith("GET /role-aliases/photo-role/credentials "):
            world.wrong(f"the credential provider was asked {head.split(' HTTP')[0]}")
            self._reply(404, {"message": "not found"})
        elif self._wire.certificate != self._provider.certificate_id:
            self._reply(403, {"message": "the certificate is not active"})
        else:
            self._reply(200, {"credentials": self._provider.issue()})

    def _reply(self, status: int, answer: dict) -> None:
        body = json.dumps(answer).encode()
        date = email.utils.formatdate(int(self._provider.world.engine.utc()), usegmt=True)
        head = f"HTTP/1.1 {status} X\r\nDate: {date}\r\nContent-Length: {len(body)}\r\n\r\n"
        self._wire.send(head.encode() + body)
