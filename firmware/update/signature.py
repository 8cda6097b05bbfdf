"""Verify RSA signatures with MicroPython's own integers; loaded only for that."""

import hashlib

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# Bytes of a signature and of the public key's modulus: RSA-3072.
_SIZE = const(384)
# The most bytes of a manifest, signature included.
_MOST_BYTES = const(384 + 8192)
_PIECE_BYTES = const(512)
_EXPONENT = const(65537)
# DigestInfo of a SHA-256 up to the digest itself (RFC 8017, 9.2, note 1).
_DIGEST_INFO = b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"


def signer(path, keys):
    """Return the index of the key that has signed the manifest `path`.

    `keys` are moduli, 384 bytes each. Raises ValueError if none of them has.
    """
    hashed = hashlib.sha256()
    with open(path, "rb") as f:
        signature = f.read(_SIZE)
        size = len(signature)
        while True:
            piece = f.read(_PIECE_BYTES)
            hashed.update(piece)
            size += len(piece)
            if not piece or size > _MOST_BYTES:
                break
    digest = hashed.digest()
    if not _SIZE < size <= _MOST_BYTES:
        raise ValueError(f"its manifest has {size} bytes")
    for index, modulus in enumerate(keys):
        if check(signature, digest, modulus):
            return index
    raise ValueError("it is not signed by a key of this camera's owner")


def check(signature, digest, modulus):
    """Return whether `signature` is that of the SHA-256 `digest`: RSASSA-PKCS1-v1_5 (RFC 8017).

    `signature` and `modulus` are 384 bytes, big-endian. The whole block is compared: whoever
    parses it instead accepts forgeries (Bleichenbacher 2006, with small exponents).
    """
    if len(signature) != _SIZE or len(modulus) != _SIZE:
        return False
    number = int.from_bytes(modulus, "big")
    block = int.from_bytes(signature, "big")
    if block >= number:
        return False
    block = pow(block, _EXPONENT, number).to_bytes(_SIZE, "big")
    filling = b"\xff" * (_SIZE - 3 - len(_DIGEST_INFO) - len(digest))
    return block == b"\x00\x01" + filling + b"\x00" + _DIGEST_INFO + digest
