"""The owner's keys in one folder of this computer: two to sign releases, a seal for each camera.

update-current.p12, update-next.p12   private keys, PKCS#12 with a passphrase, mode 0600
update-current.signer                 instead of one: the command that signs (see signers.py)
update-current.pub, update-next.pub   the public keys, PEM
seal-DEVICE                           32 bytes in hex, mode 0600
"""

import contextlib
import hashlib
import json
import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from megacam.errors import MegacamError
from megacam.update import seal, verify
from megacam.update.manifest import SIGNATURE_BYTES

#: The two keys whose public parts a camera has.
WHICH = ("current", "next")
PASSPHRASE_CHARS = 12
_KEY_BITS = 8 * SIGNATURE_BYTES
# PBKDF2-HMAC-SHA256, https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
_ROUNDS = 600_000
_NAME = b"megacam updates"


class KeyFolder:
    """The folder with the owner's keys. Methods raise MegacamError."""

    def __init__(self, path: Path):
        self.path = path

    def make(self, which: str, passphrase: str) -> bytes:
        """Make a pair; return its modulus. Never replaces a key."""
        self.check_free(which)
        if len(passphrase) < PASSPHRASE_CHARS:
            raise MegacamError(
                f"the passphrase has {len(passphrase)} characters; it must have at least "
                f"{PASSPHRASE_CHARS}, for example four words"
            )
        key = rsa.generate_private_key(public_exponent=verify.EXPONENT, key_size=_KEY_BITS)
        hidden = (
            serialization.PrivateFormat.PKCS12.encryption_builder()
            .kdf_rounds(_ROUNDS)
            .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
            .hmac_hash(hashes.SHA256())
            .build(passphrase.encode())
        )
        made = pkcs12.serialize_key_and_certificates(_NAME, key, None, None, hidden)
        self.write(f"update-{which}.p12", made)
        return self.put_public(which, key.public_key())

    def load(self, which: str, passphrase: str) -> rsa.RSAPrivateKey:
        """Return the private key."""
        path = self.path / f"update-{which}.p12"
        try:
            key = pkcs12.load_key_and_certificates(path.read_bytes(), passphrase.encode())[0]
        except OSError:
            raise self.missing(which) from None
        except ValueError:
            raise MegacamError(
                f"{path} does not open; the passphrase is wrong, or the file is damaged"
            ) from None
        if not isinstance(key, rsa.RSAPrivateKey):
            raise MegacamError(f"{path} holds no RSA key; make one with `megacam update key`")
        return key

    def put_public(self, which: str, key: rsa.RSAPublicKey) -> bytes:
        """Write a public key; return its modulus."""
        pem = key.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.write(f"update-{which}.pub", pem)
        return _modulus(key)

    def modulus(self, which: str) -> bytes | None:
        """Return the modulus of a public key, 384 bytes, or None if there is none."""
        path = self.path / f"update-{which}.pub"
        return read_public(path)[1] if path.exists() else None

    def moduli(self) -> tuple[bytes, ...]:
        """Return the moduli that are there, the current key's first."""
        return tuple(found for which in WHICH if (found := self.modulus(which)))

    def promote(self) -> str:
        """Make the next key the current one; return the name under which the old one is kept."""
        old, new = self.modulus("current"), self.modulus("next")
        if not new:
            raise self.missing("next")
        retired = f"retired-{fingerprint(old)}" if old else "retired"
        for source, target in (("current", retired), ("next", "current")):
            for kind in ("p12", "signer", "pub"):
                with contextlib.suppress(FileNotFoundError):
                    (self.path / f"update-{source}.{kind}").rename(
                        self.path / f"update-{target}.{kind}"
                    )
        return f"update-{retired}"

    def seal(self, device: str) -> bytes | None:
        """Return the seal of a camera, or None if it was not provisioned from here."""
        path = self.path / f"seal-{device}"
        if not path.exists():
            return None
        try:
            found = bytes.fromhex(path.read_text(encoding="ascii").strip())
        except ValueError:
            found = b""
        if len(found) != seal.KEY_BYTES:
            raise MegacamError(f"{path} is damaged; delete it and provision {device} again")
        return found

    def make_seal(self, device: str) -> bytes:
        """Return the seal of a camera; make one if there is none yet."""
        found = self.seal(device)
        if found is None:
            found = secrets.token_bytes(seal.KEY_BYTES)
            self.write(f"seal-{device}", found.hex().encode())
        return found

    def signer_command(self, which: str) -> dict[str, object] | None:
        """Return {"command": [...], "gives": ...} of the command that signs, or None."""
        path = self.path / f"update-{which}.signer"
        try:
            return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
        except ValueError:
            raise MegacamError(f"{path} is damaged; make it again with --signer") from None

    def write(self, name: str, content: bytes) -> None:
        """Write a new file that only its owner can read; raises MegacamError if it exists."""
        path = self.path / name
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise MegacamError(f"{path} exists and is not replaced; move it away first") from None
        except OSError as error:
            raise MegacamError(f"cannot write {path}: {error.strerror}") from None
        with os.fdopen(handle, "wb") as file:
            file.write(content)

    def check_free(self, which: str) -> None:
        """Raise MegacamError if there is a key of this name: a key is never replaced."""
        for kind in ("p12", "signer", "pub"):
            path = self.path / f"update-{which}.{kind}"
            if path.exists():
                raise MegacamError(
                    f"{path} exists and is not replaced: cameras trust it; add --next for their "
                    "second key, or name another folder with --keys"
                )

    def missing(self, which: str) -> MegacamError:
        """Return the error for a key that is not there."""
        more = " --next" if which == "next" else ""
        return MegacamError(
            f"there is no {which} key in {self.path}; make one with `megacam update key{more}`, "
            "or name its folder with --keys"
        )


def read_public(path: Path) -> tuple[rsa.RSAPublicKey, bytes]:
    """Return an RSA-3072 public key from a PEM file, and its modulus; raises MegacamError."""
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise MegacamError(f"cannot read {path}: {error.strerror}") from None
    except ValueError:
        raise MegacamError(f"{path} is no public key in PEM") from None
    if not isinstance(key, rsa.RSAPublicKey) or (
        key.key_size != _KEY_BITS or key.public_numbers().e != verify.EXPONENT
    ):
        raise MegacamError(f"{path} must hold an RSA key of 3072 bits with exponent 65537")
    return key, _modulus(key)


def _modulus(key: rsa.RSAPublicKey) -> bytes:
    return key.public_numbers().n.to_bytes(SIGNATURE_BYTES, "big")


def fingerprint(modulus: bytes) -> str:
    """Return the first 8 hex digits of the SHA-256 of a modulus: a key's name for people."""
    return hashlib.sha256(modulus).hexdigest()[:8]
