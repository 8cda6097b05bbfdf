"""Settings that take memory of their own: the whole firmware has to fit with each of them."""

import contextlib
import json
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager as ContextManager
from dataclasses import dataclass
from pathlib import Path

import trustme
from cryptography.hazmat.primitives import serialization
from megacam import settings
from megacam.cloud import policies
from megacam.demo import run
from megacam.demo.update import Owner
from megacam.sim.board import Board
from megacam.sim.store import Store
from servers.running import issue, server_context
from servers.scripted import Peer, ScriptedServer

_CARD_BYTES = 64 << 20
_FORMAT = "import machine, vfs\nvfs.VfsFat.mkfs(machine.SDCard(slot=3))"
_ROLE = "megacam-photos"
_TRUST = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
_MAY = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{run.BUCKET}/*"}


# With a mask, and soon enough for a look between two photos of the benchmark.
_MASK = (*["." * 24] * 12, *["x" * 24] * 12)
_MOTION = {"mode": "mark", "mask": _MASK, "settle_ms": 0, "discard": 0, "debug": True}
_TRIGGER: dict[str, object] = {"pin": 34}
_NEW = "9.0.0"
_NEXT_KEY = "ab" * 384  # of RSA-3072


@dataclass
class Configuration:
    """What a board needs besides the demo's files.

    `changes` to its settings, {section: {name: value}}; `files`, {path on the board: content};
    `prepare(board, store)` runs after provisioning.
    """

    changes: dict[str, dict[str, object]]
    files: dict[str, bytes]
    card_bytes: int = 0
    prepare: Callable[[Board, Store], object] = lambda board, store: None

    def add_to(self, files: dict[str, bytes]) -> dict[str, bytes]:
        """Return `files` with those of this configuration, and with its settings."""
        wanted = json.loads(files["config.json"])
        for section, values in self.changes.items():
            wanted[section] = {**wanted.get(section, {}), **values}
        return {**files, **self.files, "config.json": settings.check(wanted)[0]}


@contextlib.contextmanager
def _settings(**changes: dict[str, object]) -> Iterator[Configuration]:
    yield Configuration(changes, {})


@contextlib.contextmanager
def _card() -> Iterator[Configuration]:
    changes: dict[str, dict[str, object]] = {"spool": {"sd": {"enabled": True}}}
    yield Configuration(changes, {}, _CARD_BYTES, lambda board, store: board.exec(_FORMAT))


@contextlib.contextmanager
def _certificate() -> Iterator[Configuration]:
    """Yield the configuration with a certificate; a server on loopback plays AWS IoT."""
    kind = trustme.KeyType.ECDSA
    authority = trustme.CA(key_type=kind)
    leaf = authority.issue_cert("cam1.example", key_type=kind)
    key: dict[str, str] = {}

    def provide(peer: Peer) -> None:
        peer.read_head()
        page = json.dumps({"credentials": key}).encode()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(page), page))

    def prepare(board: Board, store: Store) -> None:
        key.update(_temporary_key(store))
        iot = {"host": "localhost", "port": port, "role_alias": _ROLE, "thing": run.DEVICE}
        board.exec(
            "from firmware import credentials\n"
            f"credentials.save('iot', {iot!r})\n"
            f"credentials.save_der('iot_cert', {_der(leaf.cert_chain_pems[0])!r})\n"
            f"credentials.save_der('iot_key', {_private_der(leaf)!r})\n"
        )

    with ScriptedServer(server_context(issue(authority, key_type=kind))) as server:
        port = server.play(provide)
        yield Configuration({}, {"roots/iot.der": _der(authority.cert_pem)}, 0, prepare)


@contextlib.contextmanager
def _update(**fields: str) -> Iterator[Configuration]:
    """Yield a camera with another version of the firmware in its bucket.

    `fields` are further ones of its manifest.
    """

    def offer(board: Board, store: Store) -> None:
        there = f"arn:aws:s3:::{run.BUCKET}/{run.DEVICE}/{policies.UPDATES}/*"
        may = {"Version": "2012-10-17", "Statement": [policies.updates(there)]}
        store.client("iam").put_user_policy(
            UserName=f"megacam-{run.DEVICE}", PolicyName="updates", PolicyDocument=json.dumps(may)
        )
        with tempfile.TemporaryDirectory(prefix="megacam-bench-keys-") as folder:
            owner = Owner(Path(folder))
            owner.provision(board)
            release = owner.firmware(_NEW, {}, time.time(), **fields)
            for key, content in release.items():
                store.client("s3").put_object(Bucket=run.BUCKET, Key=key, Body=content)

    yield Configuration({}, {}, 0, offer)


@contextlib.contextmanager
def _together(*parts: Callable[[], ContextManager[Configuration]]) -> Iterator[Configuration]:
    """Yield one configuration with all of `parts`, each of other settings sections."""
    with contextlib.ExitStack() as stack:
        entered = [stack.enter_context(part()) for part in parts]

        def prepare(board: Board, store: Store) -> None:
            for one in entered:
                one.prepare(board, store)

        total = Configuration({}, {}, sum(one.card_bytes for one in entered), prepare)
        for one in entered:
            total.changes |= one.changes
            total.files |= one.files
        yield total


def _motion() -> ContextManager[Configuration]:
    return _settings(motion=_MOTION)


def _trigger() -> ContextManager[Configuration]:
    return _settings(trigger=_TRIGGER)


def _temporary_key(store: Store) -> dict[str, str]:
    """Return credentials of a role, as AWS IoT's credential provider gives them."""
    iam = store.client("iam")
    policies = [json.dumps({"Version": "2012-10-17", "Statement": one}) for one in (_TRUST, _MAY)]
    arn = iam.create_role(RoleName=_ROLE, AssumeRolePolicyDocument=policies[0])["Role"]["Arn"]
    iam.put_role_policy(RoleName=_ROLE, PolicyName="put", PolicyDocument=policies[1])
    taken = store.client("sts").assume_role(RoleArn=arn, RoleSessionName=run.DEVICE)["Credentials"]
    return {
        "accessKeyId": taken["AccessKeyId"],
        "secretAccessKey": taken["SecretAccessKey"],
        "sessionToken": taken["SessionToken"],
        "expiration": "2099-01-01T00:00:00Z",
    }


def _der(pem: trustme.Blob) -> bytes:
    return ssl.PEM_cert_to_DER_cert(pem.bytes().decode())


def _private_der(leaf: trustme.LeafCert) -> bytes:
    key = serialization.load_pem_private_key(leaf.private_key_pem.bytes(), None)
    form = serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.DER, *form)


#: All that an update takes: the first photos, the release, its trial and the report that ends it.
UPDATE = "an update, from the first look to the report that keeps it"
#: The longest manifest for its number of files.
KEY_UPDATE = "an update that brings a next key"
#: {name: function that returns a context manager with the Configuration}.
CONFIGURATIONS = {
    "photos sent at once, spool on the flash": _settings,
    "photos through the spool (`spool.first`)": lambda: _settings(spool={"first": True}),
    "SD card": _card,
    "certificate": _certificate,
    "deep sleep": lambda: _settings(power={"deep_sleep": True}),
    "motion (`motion.mode`), and a trigger": lambda: _together(_motion, _trigger),
    "motion and SD card": lambda: _together(_motion, _card),
    "motion and certificate": lambda: _together(_motion, _certificate),
    "trigger and SD card": lambda: _together(_trigger, _card),
    "signed chunks (`s3.integrity` is `signed`)": lambda: _settings(s3={"integrity": "signed"}),
    UPDATE: _update,
    KEY_UPDATE: lambda: _update(next_key=_NEXT_KEY),
}


def end(name: str) -> tuple[str, int]:
    """Return (beginning of a line, how often the board has to say it) for a configuration."""
    return ("I update kept", 1) if name in (UPDATE, KEY_UPDATE) else ("I s3 stored", 2)
