"""The network between the board and its servers, with TLS simulated at the seam of `tls`.

A server is a state machine: bytes in, bytes out. All delays are events of the engine; nothing here
touches a socket.
"""

import json
import struct
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from megacam.sim.peripherals import PortError

from swarm.engine import SECOND

if TYPE_CHECKING:
    from swarm.world import World

_NOT_NOW = -1
_ECONNRESET, _ETIMEDOUT, _ECONNREFUSED, _EHOSTUNREACH, _EPIPE = 104, 110, 111, 113, 32
_NAME_NOT_FOUND = -202  # from the ESP32's getaddrinfo
_DNS_TIMEOUT_US = 14 * SECOND  # lwIP: four tries
_HANDSHAKE_US = 1_400_000  # of a plain ESP32, mostly its own arithmetic
_POLLIN, _POLLOUT = 1, 4
_EPOCH_2000 = 946684800
_NO_ROOT = (OSError, (-30336, "MBEDTLS_ERR_SSL_CA_CHAIN_REQUIRED"))


class Session(Protocol):
    """The server's side of one connection."""

    def receive(self, data: bytes) -> None: ...


@dataclass
class Certificate:
    """What a server presents: for which hosts, signed by which root (its CRC-32), and when valid.

    Times are UTC seconds since 1970.
    """

    hosts: tuple[str, ...]
    root: int
    begins_s: int
    ends_s: int

    def refusal(self, host: str, roots: list[int], now_s: int) -> str:
        """Return mbedTLS's words for what is wrong with it, or ""."""
        if self.root not in roots:
            return "The certificate is not correctly signed by the trusted CA\n"
        if not any(_is_match(host, pattern) for pattern in self.hosts):
            return "The certificate Common Name (CN) does not match with the expected CN\n"
        if now_s < self.begins_s:
            return "The certificate validity starts in the future\n"
        return "The certificate validity has expired\n" if now_s > self.ends_s else ""


def _is_match(host: str, pattern: str) -> bool:
    return host == pattern or (pattern[:2] == "*." and host.partition(".")[2] == pattern[2:])


@dataclass
class Server:
    """A service at a host: `open(wire)` returns its side of a connection.

    `certificate()` is None for plain TCP. `answer(data)` is that of a UDP
    service; None is silence.
    """

    open: Callable[["Wire"], Session] | None = None
    certificate: Callable[[], Certificate] | None = None
    answer: Callable[[bytes], bytes | None] | None = None


class Wire:
    """One socket of the board, with everything between it and the server."""

    def __init__(self, network: "Network", number: int, kind: int):
        self.network, self.number, self.kind = network, number, kind
        self.host = ""
        self.inbox = bytearray()
        self.session: Session | None = None
        self.server: Server | None = None
        #: "", "tcp", "handshake", "open" and "failed".
        self.state = ""
        self.failure: tuple[type[Exception], tuple[Any, ...]] | None = None
        self.is_ended = self.is_lost = self.is_stuck = False
        self.certificate = ""

    def send(self, data: bytes) -> None:
        """Send to the board."""
        self.network.carry(self, lambda: self.inbox.extend(data))

    def close(self) -> None:
        """End the connection in order."""
        self.network.carry(self, self._end)

    def reset(self) -> None:
        """Break the connection off."""
        error = -_ECONNRESET if self.server and self.server.certificate else _ECONNRESET
        self.network.carry(self, lambda: self._fail(OSError, error))

    def _end(self) -> None:
        self.is_ended = True

    def _fail(self, kind: type[Exception], *args: Any) -> None:
        self.state, self.failure = "failed", (kind, args)
        self.is_ended = True

    def is_ready(self, flags: int) -> int:
        """Return those of the poll's `flags` that are true now."""
        found = 0
        if self.inbox or self.is_ended:
            found |= _POLLIN
        if (self.state in ("tcp", "open") and not self.is_stuck) or self.state == "failed":
            found |= _POLLOUT
        return found & flags

    def handshake(self, told: list[Any]) -> None:
        """Begin the handshake; it ends by itself."""
        host, roots, self.certificate, verify_mode, board_s = told
        self.state = "handshake"
        network = self.network
        if network.is_on("silent-handshake") or not self.server:
            return
        make = self.server.certificate
        if make is None:
            self._later(lambda: self._fail(OSError, -29184, "MBEDTLS_ERR_SSL_INVALID_RECORD"))
            return
        certificate = network.world.portal if network.is_on("portal") else make()
        refusal = certificate.refusal(host, roots, board_s + _EPOCH_2000)
        network.world.note_handshake(host, verify_mode)
        if not roots:
            self._later(lambda: self._fail(_NO_ROOT[0], *_NO_ROOT[1]))
        elif refusal:
            self._later(lambda: self._fail(ValueError, refusal))
        else:
            self._later(self._open)

    def _later(self, action: Callable[[], None]) -> None:
        engine = self.network.world.engine
        engine.after(2 * self.network.delay_us + _HANDSHAKE_US, lambda: self._if_there(action))

    def _if_there(self, action: Callable[[], None]) -> None:
        if not self.is_lost and self.state == "handshake":
            action()

    def _open(self) -> None:
        self.state = "open"
        assert self.server and self.server.open
        self.session = self.server.open(self)


class Network:
    """Names, sockets and delays. `servers` is {(host, port): Server}; `delay_us` is one way."""

    def __init__(self, world: "World", delay_us: int):
        self.world = world
        self.delay_us = delay_us
        self.servers: dict[tuple[str, int], Server] = {}
        self.names: set[str] = set()
        self._wires: dict[int, Wire] = {}
        self._count = 0
        #: {day: names looked up, connections opened and heads of requests sent}.
        self.tries: Counter[int] = Counter()
        #: {host: when its name was last looked up}.
        self.asked_us: dict[str, int] = {}

    def add(self, host: str, port: int, server: Server) -> None:
        """Put a server on the network."""
        self.servers[host, port] = server
        self.names.add(host)

    def note_try(self) -> None:
        """Count what may have been a request for the board's daily cap."""
        self.tries[int(self.world.engine.utc()) // 86400] += 1

    def is_on(self, kind: str) -> bool:
        """Return whether that fault is active."""
        return self.world.is_on(kind)

    def reset(self) -> None:
        """The board has restarted: its connections are gone."""
        for wire in self._wires.values():
            wire.is_lost = True
        self._wires.clear()

    @property
    def open_sockets(self) -> int:
        """The number of the board's sockets that are not closed."""
        return len(self._wires)

    def carry(self, wire: Wire, arrive: Callable[[], object]) -> None:
        """Let something arrive at the board, unless the link or the connection is lost by then."""

        def _arrive() -> None:
            if self._is_reachable() and not wire.is_lost:
                arrive()
            else:
                wire.is_lost = True  # nobody repeats what was lost: the connection is dead

        self.world.engine.after(self.delay_us, _arrive)

    def _is_reachable(self) -> bool:
        return self.world.chip.radio.isconnected() and not self.is_on("packets-lost")

    def handlers(self) -> dict[int, Callable[[int, int, bytes], tuple[int, bytes]]]:
        """Return the answers to the port's questions by their letter."""
        return {
            ord("D"): self._resolve,
            ord("N"): self._new,
            ord("C"): self._connect,
            ord("T"): self._begin_tls,
            ord("w"): self._write,
            ord("r"): self._read,
            ord("p"): self._poll,
            ord("x"): self._close,
        }

    def _resolve(self, arg: int, n: int, data: bytes) -> tuple[int, bytes]:
        host, _ = json.loads(data)
        self.note_try()
        self.asked_us[host] = self.world.engine.now_us
        if not self._is_reachable() or self.is_on("no-dns"):
            self._wait_us(_DNS_TIMEOUT_US)
            raise PortError(OSError, _NAME_NOT_FOUND)
        self._wait_us(2 * self.delay_us)
        if host not in self.names:
            raise PortError(OSError, _NAME_NOT_FOUND)
        return 0, b""

    def _new(self, kind: int, n: int, data: bytes) -> tuple[int, bytes]:
        self._count = self._count % 60000 + 1
        self._wires[self._count] = Wire(self, self._count, kind)
        return self._count, b""

    def _connect(self, arg: int, n: int, data: bytes) -> tuple[int, bytes]:
        wire = self._wires[n]
        host, port, limit_ms = json.loads(data)
        self.note_try()
        wire.host, wire.server = host, self.servers.get((host, port))
        if wire.kind == 2:
            return 0, b""
        if not self.world.chip.radio.isconnected():
            raise PortError(OSError, _EHOSTUNREACH)
        if self.is_on("packets-lost"):
            self._wait_us(limit_ms * 1000)
            raise PortError(OSError, _ETIMEDOUT)
        self._wait_us(2 * self.delay_us)
        if wire.server is None or self.is_on("refused"):
            raise PortError(OSError, _ECONNREFUSED)
        wire.state = "tcp"
        if not wire.server.certificate:
            assert wire.server.open
            wire.session = wire.server.open(wire)
        return 0, b""

    def _begin_tls(self, arg: int, n: int, data: bytes) -> tuple[int, bytes]:
        self._wires[n].handshake(json.loads(data))
        return 0, b""

    def _write(self, arg: int, n: int, data: bytes) -> tuple[int, bytes]:
        wire = self._wires[n]
        if wire.kind == 2:
            self._ask_datagram(wire, data)
            return len(data), b""
        if wire.failure:
            raise PortError(wire.failure[0], *wire.failure[1])
        if wire.state == "handshake" or wire.is_stuck:
            return _NOT_NOW, b""
        if wire.is_ended:
            raise PortError(OSError, -_EPIPE)
        self.world.engine.after(self.delay_us, lambda: self._deliver(wire, data))
        return len(data), b""

    def _deliver(self, wire: Wire, data: bytes) -> None:
        if wire.is_lost or not self._is_reachable():
            wire.is_lost = True
        elif wire.session:
            wire.session.receive(data)

    def _ask_datagram(self, wire: Wire, data: bytes) -> None:
        if wire.server and wire.server.answer and self._is_reachable():
            answer = wire.server.answer(data)
            if answer is not None:
                self.world.engine.after(
                    self.delay_us, lambda: self.carry(wire, lambda: wire.inbox.extend(answer))
                )

    def _read(self, arg: int, n: int, data: bytes) -> tuple[int, bytes]:
        wire = self._wires[n]
        size, limit_ms = struct.unpack("<Ii", data)
        if limit_ms and not self._wait_for(wire, _POLLIN, limit_ms):
            raise PortError(OSError, _ETIMEDOUT)
        if wire.inbox:
            found = bytes(wire.inbox[:size])
            del wire.inbox[:size]
            return len(found), found
        if wire.failure:
            raise PortError(wire.failure[0], *wire.failure[1])
        return (0 if wire.is_ended else _NOT_NOW), b""

    def _poll(self, flags: int, n: int, data: bytes) -> tuple[int, bytes]:
        wire = self._wires[n]
        return self._wait_for(wire, flags, struct.unpack("<I", data)[0]), b""

    def _close(self, arg: int, n: int, data: bytes) -> tuple[int, bytes]:
        wire = self._wires.pop(n, None)
        if wire:
            wire.is_lost = True
        return 0, b""

    def _wait_us(self, us: int) -> None:
        self.world.engine.run_until(self.world.engine.now_us + us)
        self.world.chip.radio.now_us = self.world.engine.now_us

    def _wait_for(self, wire: Wire, flags: int, limit_ms: int) -> int:
        """Let time pass until the socket is ready, the board ends, or the limit has come."""
        engine, radio = self.world.engine, self.world.chip.radio
        end_us = engine.now_us + (limit_ms * 1000 if limit_ms >= 0 else 3600 * SECOND)
        while not (found := wire.is_ready(flags)) and not self.world.has_ended():
            if engine.next_us() > end_us:
                engine.run_until(end_us)
                break
            engine.step()
            radio.now_us = engine.now_us
        radio.now_us = engine.now_us
        return found or wire.is_ready(flags)
