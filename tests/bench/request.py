"""One request: the cost of signing, building and parsing it, and of a connection."""

import contextlib
import functools

import trustme
from servers.running import issue, server_context
from servers.scripted import Peer, ScriptedServer

from bench import running
from bench.report import Chapter, Table
from bench.servers import root_file, take_photos

_KEYS = {"ECDSA P-256": trustme.KeyType.ECDSA, "RSA-2048": trustme.KeyType.RSA}
_TEXT = """\
These steps belong to a PUT with three metadata headers. *Bytes allocated* counts every allocation
on the heap, including memory that is freed at once. Instructions are those of the interpreter.
*request* signs with the key of the day, builds the request and writes it to a plain socket.
*reply* parses `100 Continue` and the reply. A *put* is all of that over TLS, with a body of four
bytes. The *handshake* verifies a chain of one certificate; its figures vary by a few per cent with
its random numbers."""
_REUSE = """\
Reusing a connection saves the handshake. With an ECDSA chain, that is {times:.0f} times the cost
of the next request."""


def _take_in_the_clear(peer: Peer) -> None:
    peer._tls = peer.raw
    take_photos(peer)


@functools.cache
def measure(counted: bool) -> running.Run:
    """Measure all steps; return a Run with allocations in `results`, instructions by step."""
    with contextlib.ExitStack() as stack:
        tls = {}
        for name, key_type in _KEYS.items():
            authority = trustme.CA(key_type=key_type)
            context = server_context(issue(authority, key_type=key_type))
            server = stack.enter_context(ScriptedServer(context))
            tls[name] = {"port": server.play(take_photos), "root": root_file(authority)}
        plain = stack.enter_context(ScriptedServer(None))
        job = {"port": plain.play(_take_in_the_clear), "tls": tls}
        return running.execute("request", job, counted=counted)


def chapter() -> Chapter:
    counted = measure(True).instructions if running.can_count() else {}
    rows = [
        [one["name"], one["allocated"], counted.get(one["name"])] for one in measure(False).results
    ]
    parts: list[object] = [_TEXT, Table(["step", "bytes allocated", "instructions"], rows)]
    if counted:
        times = counted["handshake, ECDSA P-256"] / counted["next put, ECDSA P-256"]
        parts.append(_REUSE.format(times=times))
    return Chapter("One request", parts)
