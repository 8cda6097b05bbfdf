"""The signature of a manifest, of which judge.py makes a block; loaded only for that."""

import hashlib

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# Bytes of a signature and of the public key's modulus: RSA-3072.
_SIZE = const(384)
# The most bytes of a manifest, signature included.
_MOST_BYTES = const(384 + 8192)
# DigestInfo of a SHA-256 up to the digest itself (RFC 8017, 9.2, note 1).
_DIGEST_INFO = b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"


def read(path, buf):
    """Return (signature as a number, SHA-256 of the text) of the manifest `path`.

    `buf` has 2 KB for what is read. Raises ValueError for a manifest of a wrong size.
    """
    hashed = hashlib.sha256()
    with open(path, "rb") as f:
        number = int.from_bytes(f.read(_SIZE), "big")
        size = f.seek(0, 1)
        count = 1
        while count and size <= _MOST_BYTES:
            count = f.readinto(buf)
            hashed.update(memoryview(buf)[:count])
            size += count
    digest = hashed.digest()
    if not _SIZE < size <= _MOST_BYTES:
        raise ValueError(f"its manifest has {size} bytes")
    return number, digest


def is_right(block, digest):
    """Return whether the signed number `block` is that for the SHA-256 `digest`.

    The whole block is compared: whoever parses it instead accepts forgeries (Bleichenbacher 2006,
    with small exponents).
    """
    filling = b"\xff" * (_SIZE - 3 - len(_DIGEST_INFO) - len(digest))
    right = b"\x00\x01" + filling + b"\x00" + _DIGEST_INFO + digest
    return block.to_bytes(_SIZE, "big") == right
