"""A sealed Wi-Fi change: encrypted and authenticated to one camera and one release.

The key is the camera's own: 32 random bytes that `megacam provision` put into its NVS. It is
AES-256-CBC (PKCS#7), then HMAC-SHA256 over device, counter, iv and ciphertext.
"""

import hashlib
import hmac
import json
import secrets
from typing import Any

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

KEY_BYTES = 32
_IV_BYTES = 16
_MAC_BYTES = 32
_BLOCK_BITS = 128


class SealError(Exception):
    """The seal is not of this key, this camera and this release, or what it holds is damaged."""


def seal(
    networks: list[dict[str, Any]], key: bytes, device: str, counter: int, iv: bytes = b""
) -> str:
    """Return the sealed NVS entry "wifi" in hex; `iv`: 16 bytes for a test, else random ones."""
    iv = iv or secrets.token_bytes(_IV_BYTES)
    padder = padding.PKCS7(_BLOCK_BITS).padder()
    plain = padder.update(json.dumps(networks).encode()) + padder.finalize()
    encryptor = _cipher(key, iv).encryptor()
    hidden = iv + encryptor.update(plain) + encryptor.finalize()
    return (hidden + _mac(key, device, counter, hidden)).hex()


def opened(sealed: str, key: bytes, device: str, counter: int) -> list[dict[str, Any]]:
    """Return the networks of seal(); raises SealError."""
    raw = bytes.fromhex(sealed)
    hidden, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(key, device, counter, hidden)):
        raise SealError("the sealed Wi-Fi change is not for this camera and release")
    try:
        decryptor = _cipher(key, hidden[:_IV_BYTES]).decryptor()
        plain = decryptor.update(hidden[_IV_BYTES:]) + decryptor.finalize()
        unpadder = padding.PKCS7(_BLOCK_BITS).unpadder()
        return json.loads(unpadder.update(plain) + unpadder.finalize())
    except ValueError:
        raise SealError("the sealed Wi-Fi change is damaged") from None


def _cipher(key: bytes, iv: bytes) -> Cipher[Any]:
    return Cipher(algorithms.AES(_derived(key, b"encrypt")), modes.CBC(iv))


def _mac(key: bytes, device: str, counter: int, hidden: bytes) -> bytes:
    signed = f"{device}\n{counter}\n".encode() + hidden
    return hmac.new(_derived(key, b"authenticate"), signed, hashlib.sha256).digest()


def _derived(key: bytes, use: bytes) -> bytes:
    return hmac.new(key, use, hashlib.sha256).digest()
