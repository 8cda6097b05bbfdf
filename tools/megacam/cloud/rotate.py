"""Give a board a new key, prove that it works, and only then delete the old one.

AWS accepts the key on the board at every moment, even if this computer crashes in the middle. An
interrupted rotation therefore leaves two keys; the next rotation deletes the unused one.

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
    """The board on the USB cable, which stores one key and uploads with it."""

    def put_key(self, key: Key) -> None:
        """Replace the stored key with `key`, completely or not at all; raises MegacamError."""
        ...

    def prove_key(self, key: Key) -> None:
        """Let the board put an object with `key`; raises MegacamError if that fails."""
        ...

    def key_identity(self) -> str | None:
        """Return the `identity` of the key on the board, or None if it is unknown."""
        ...


class KeyRing(Protocol[K]):
    """The keys of one device: keys.AccessKeys or iot.Certificates."""

    word: str
    limit: int

    def list(self) -> list[dict[str, Any]]:
        """Return {"id", "active", "made"} of each key, oldest first."""
        ...

    def make(self) -> K:
        """Make a key and return it; the secret exists nowhere else."""
        ...

    def check(self, key: K) -> str | None:
        """Check that the key works and allows no more than it should; raises MegacamError.

        Returns a remark for the user, or nothing.
        """
        ...

    def delete(self, identity: str) -> None:
        """Delete a key for good; do nothing if it does not exist."""
        ...


class BoardKeyUnknownError(MegacamError):
    """Two keys work and it is unknown which one is on the board; the message lists them."""


@dataclasses.dataclass(frozen=True)
class Rotated:
    """The result of a rotation: the key now on the board, and the deleted keys."""

    identity: str
    retired: tuple[str, ...]


def rotate(
    ring: KeyRing[Any], board: Board, say: Callable[[str], None] = lambda text: None
) -> Rotated:
    """Make a key, put it on the board, let the board upload with it, and delete all others.

    The board is asked which key it has only after an interrupted rotation. `say` is called after
    each step. Raises MegacamError; the board then still has a key that works.
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
    """Delete a key that, as the owner knows, is not on the board; never the last key."""
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
    """If the ring is full, delete the keys that are not on the board; return their IDs."""
    keys = ring.list()
    gone = [one["id"] for one in keys if not one["active"]]
    active = [one["id"] for one in keys if one["active"]]
    if len(active) >= ring.limit:
        held = board.key_identity()
        if held not in active:
            raise BoardKeyUnknownError(
                f"the device has two working keys from an interrupted rotation, {active[0]} and "
                f"{active[1]}, and the board does not say which one it has; delete the other "
                "one with `megacam cloud rotate --retire KEY`"
            )
        gone += [identity for identity in active if identity != held]
    # A disabled key does no harm until its place is needed.
    if len(keys) < ring.limit:
        return []
    for identity in gone:
        ring.delete(identity)
    return gone


def new_key(ring: KeyRing[K], say: Callable[[str], None] = lambda text: None) -> K:
    """Return a new, checked key; if it cannot be checked, delete it again."""
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
        # It is unknown which key the board has now, so both must stay valid.
        both = f"; it and {', '.join(old)} both stay valid" if old else ""
        raise MegacamError(
            f"{error} (the new {ring.word} {key.identity} {step}{both}; run the rotation again)"
        ) from error
