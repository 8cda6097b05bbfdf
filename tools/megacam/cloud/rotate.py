"""Give a board a new key, prove it, and only then retire the old one.

At every moment, also if this computer dies in the middle, the key on the board is one that AWS
accepts; the price is that an interrupted rotation leaves two, and the next one clears that up.

    rotate(AccessKeys(aws, bucket, device), board)
"""

import contextlib
import dataclasses
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from megacam.aws import AccessKey
from megacam.cloud.iot import DeviceCertificate
from megacam.errors import MegacamError

Key = AccessKey | DeviceCertificate
K = TypeVar("K", AccessKey, DeviceCertificate)


class Board(Protocol):
    """The other end of the cable: holds one key and uploads with it."""

    def put_key(self, key: Key) -> None:
        """Store `key` in place of the one before, whole or not at all; raises MegacamError."""
        ...

    def prove_key(self, key: Key) -> None:
        """Return when the board itself has put an object with `key`; raises MegacamError."""
        ...

    def key_identity(self) -> str | None:
        """Return `identity` of the key that the board holds, or None if it does not say."""
        ...


class KeyRing(Protocol[K]):
    """The keys of one device: keys.AccessKeys or iot.Certificates."""

    word: str
    limit: int

    def list(self) -> list[dict[str, Any]]:
        """Return {"id", "active", "made"} of each, oldest first."""
        ...

    def make(self) -> K:
        """Make one; its secret exists in what is returned and nowhere else."""
        ...

    def check(self, key: K) -> str | None:
        """Return when it works and can do no more than it must; raises MegacamError.

        What there is to say of it is returned in words.
        """
        ...

    def delete(self, identity: str) -> None:
        """Delete one for good; raises nothing if it is gone already."""
        ...


class BoardKeyUnknownError(MegacamError):
    """Two keys work and nobody can tell which one is on the board; the message lists them."""


@dataclasses.dataclass(frozen=True)
class Rotated:
    """What a rotation did: the key now on the board, and the ones that are gone."""

    identity: str
    retired: tuple[str, ...]


def rotate(
    ring: KeyRing[Any], board: Board, say: Callable[[str], None] = lambda text: None
) -> Rotated:
    """Make a key, put it on the board, let the board upload with it, retire all others.

    Which key the board holds is asked only after an interrupted rotation. `say` hears of each
    step when it is done. Raises MegacamError; the board then holds a key that works.
    """
    gone = _make_room(ring, board)
    for identity in gone:
        say(f"deleted {ring.word} {identity}, left over and not on the board")
    old = [one["id"] for one in ring.list()]
    key = new_key(ring, say)
    say(f"made {ring.word} {key.identity}, which can put photos and nothing else")
    _hand_over(ring, key, old, board, say)
    for identity in old:
        ring.delete(identity)
        say(f"deleted {ring.word} {identity}")
    return Rotated(key.identity, (*gone, *old))


def retire(ring: KeyRing[Any], identity: str) -> None:
    """Delete one key that its owner knows not to be on the board; never the last one."""
    known = [one["id"] for one in ring.list()]
    if identity not in known:
        raise MegacamError(
            f"there is no {ring.word} {identity}; it must be one of {', '.join(known) or 'none'}"
        )
    if len(known) == 1:
        raise MegacamError(
            f"{identity} is the device's only {ring.word}; rotate without --retire, or destroy "
            "the device"
        )
    ring.delete(identity)


def _make_room(ring: KeyRing[Any], board: Board) -> list[str]:
    """Delete keys that cannot be the board's until there is room for a new one; return them."""
    keys = ring.list()
    gone = [one["id"] for one in keys if not one["active"]]
    active = [one["id"] for one in keys if one["active"]]
    if len(active) >= ring.limit:
        held = board.key_identity()
        if held not in active:
            raise BoardKeyUnknownError(
                f"the device has two working keys of an interrupted rotation, {active[0]} and "
                f"{active[1]}, and the board does not tell which one it holds; delete the other "
                "one with `megacam cloud rotate --retire KEY`"
            )
        gone += [identity for identity in active if identity != held]
    # A disabled key is in nobody's way until its place is needed.
    if len(keys) < ring.limit:
        return []
    for identity in gone:
        ring.delete(identity)
    return gone


def new_key(ring: KeyRing[K], say: Callable[[str], None] = lambda text: None) -> K:
    """Return a new key that works and can do no more than it must, or leave none behind."""
    with contextlib.ExitStack() as undo:
        key = ring.make()
        undo.callback(ring.delete, key.identity)
        remark = ring.check(key)
        undo.pop_all()
    if remark:
        say(remark)
    return key


def _hand_over(
    ring: KeyRing[Any], key: Key, old: list[str], board: Board, say: Callable[[str], None]
) -> None:
    step = "could not be put on the board"
    try:
        board.put_key(key)
        say("put it on the board")
        step = "is on the board but made no upload"
        board.prove_key(key)
        say("the board uploaded with it")
    except MegacamError as error:
        # Nobody knows which of them the board holds now, so both must go on working.
        both = f"; it and {', '.join(old)} both stay valid" if old else ""
        raise MegacamError(
            f"{error} (the new {ring.word} {key.identity} {step}{both}; run the rotation again)"
        ) from error
