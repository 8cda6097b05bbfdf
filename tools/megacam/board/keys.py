"""The board's part in a key rotation: store a key, upload with it, tell which one it holds."""

import contextlib
from collections.abc import Iterator
from typing import Any

from megacam.aws import AccessKey
from megacam.board import device, provision
from megacam.board.device import Device
from megacam.doctor import probes, verdicts
from megacam.errors import MegacamError


class KeyBoard:
    """A board on USB for cloud.rotate; see cloud.rotate.Board for its three methods."""

    def __init__(self, board: Device):
        self._board = board

    def put_key(self, key: Any) -> None:
        """Store an AccessKey or a DeviceCertificate in NVS and verify it; raises MegacamError."""
        if isinstance(key, AccessKey):
            provision.store(self._board, "aws", provision.of_key(key))
        else:
            provision.store_certificate(self._board, key)

    def prove_key(self, key: Any) -> None:
        """Have the board put an object with the key that it holds; raises MegacamError."""
        self.store_text()

    def store_text(self) -> tuple[str, str]:
        """Do what prove_key() does; return the object's key and its text."""
        self._board.reset()
        try:
            return verdicts.prove_upload(self._board)
        except verdicts.FailedError as error:
            raise MegacamError(f"the board could not upload: {error}") from None

    def key_identity(self) -> str | None:
        """Return the identity of the key in NVS, or None."""
        try:
            return probes.run(self._board, probes.KEY)
        except probes.ProbeError:
            return None


@contextlib.contextmanager
def opened(port: str | None) -> Iterator[KeyBoard]:
    """Yield a board for a rotation; it restarts at the end."""
    with device.connect(port) as board:
        yield KeyBoard(board)
