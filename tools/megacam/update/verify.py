"""Check a release as the board does, with other code: the owner's last look before an upload.

    manifest = check(release, Board("cam1", modulus, now=..., release=41))
    check_files(manifest, get)

The board's own check is in firmware/update/; tests hold both against the same attacks.
"""

import dataclasses
import hashlib
from collections.abc import Callable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from megacam.errors import MegacamError
from megacam.update import manifest as manifests
from megacam.update import seal
from megacam.update.manifest import Manifest, ManifestError

EXPONENT = 65_537


class RefusedError(MegacamError):
    """A board must not take this release. `why` is one word, the same for the same fault."""

    def __init__(self, why: str, text: str):
        super().__init__(text)
        self.why = why


class NotYetError(MegacamError):
    """The release is in order, but it is not this board's turn. `why` is one word."""

    def __init__(self, why: str, text: str):
        super().__init__(text)
        self.why = why


@dataclasses.dataclass(frozen=True)
class Board:
    """What a board knows when it looks at a release.

    `keys`: the moduli, 384 bytes each: the current key, then the next. `now`: the verified clock,
    UTC seconds since 1970. `release`: the highest counter that it has accepted.
    """

    device: str
    keys: tuple[bytes, ...]
    now: int
    release: int = 0
    board: str = "ESP32_GENERIC"
    mpy: str = "6.3"
    seal: bytes | None = dataclasses.field(default=None, repr=False)


def check(release: bytes, board: Board) -> Manifest:
    """Return the manifest of a release that `board` may take now.

    Raises RefusedError, and NotYetError for a release that only has to wait.
    """
    signature, text = release[: manifests.SIGNATURE_BYTES], release[manifests.SIGNATURE_BYTES :]
    if not text or len(text) > manifests.TEXT_BYTES:
        raise RefusedError("length", f"the release has {len(release)} bytes")
    if not any(is_signed(signature, text, key) for key in board.keys):
        raise RefusedError("signature", "the release is not signed by one of this board's keys")
    try:
        manifest = manifests.parse(text)
    except ManifestError as error:
        raise RefusedError("text", f"the signed text is no manifest: {error}") from None
    _check_target(manifest, board)
    _check_time(manifest, board)
    _check_seal(manifest, board)
    return manifest


def is_signed(signature: bytes, text: bytes, modulus: bytes) -> bool:
    """Return whether `signature` is PKCS#1 v1.5 over the SHA-256 of `text` by this key."""
    key = rsa.RSAPublicNumbers(EXPONENT, int.from_bytes(modulus, "big")).public_key()
    try:
        key.verify(signature, text, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def check_file(file: manifests.File, content: bytes) -> None:
    """Raise RefusedError unless `content` is what the manifest says of `file`."""
    if len(content) != file.size_bytes:
        raise RefusedError(
            "size", f"{file.path} has {len(content)} bytes instead of {file.size_bytes}"
        )
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise RefusedError("hash", f"{file.path} is not the file that was signed")


def check_files(manifest: Manifest, get: Callable[[str], bytes | None]) -> None:
    """Check every file; `get` returns the object of a name, or None. Raises RefusedError."""
    for file in manifest.files:
        content = get(file.sha256)
        if content is None:
            raise RefusedError("missing", f"{file.path} is not in the bucket ({file.sha256})")
        check_file(file, content)


def _check_target(manifest: Manifest, board: Board) -> None:
    if board.device not in manifest.devices and manifests.EVERY not in manifest.devices:
        raise RefusedError("device", f"the release is for {', '.join(manifest.devices)}")
    if manifest.board != board.board:
        raise RefusedError("board", f"the release is for {manifest.board}, not {board.board}")
    if manifest.mpy != board.mpy:
        raise RefusedError("mpy", f"the release needs .mpy {manifest.mpy}, not {board.mpy}")
    if manifest.counter < board.release:
        raise RefusedError("older", f"release {manifest.counter} is older than {board.release}")
    if manifest.counter == board.release:
        raise NotYetError("same", f"release {manifest.counter} was accepted before")
    if manifest.least > board.release:
        raise RefusedError("least", f"release {manifest.least} has to be there first")


def _check_time(manifest: Manifest, board: Board) -> None:
    if board.now >= manifest.expires:
        raise RefusedError("expired", f"release {manifest.counter} has expired")
    if board.now < manifest.not_before:
        raise NotYetError("early", f"release {manifest.counter} is for later")
    if not manifests.is_chosen(board.device, manifest.counter, manifest.percent):
        raise NotYetError("percent", f"{board.device} is not among the first {manifest.percent} %")


def _check_seal(manifest: Manifest, board: Board) -> None:
    if not manifest.wifi:
        return
    if not board.seal:
        raise RefusedError("seal", "this board has no key for a sealed Wi-Fi change")
    try:
        seal.opened(manifest.wifi, board.seal, board.device, manifest.counter)
    except seal.SealError as error:
        raise RefusedError("seal", str(error)) from None
