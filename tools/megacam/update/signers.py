"""Sign a release: with a key of the folder, or with a command whose key never leaves its token.

The command gets one of INPUTS on standard input and writes the 384 bytes of an RSASSA-PKCS1-v1_5
signature with SHA-256. It runs without a shell; a PIN it may ask on the terminal. What it writes
is checked with the public key, so a broken signer cannot publish anything.
"""

import hashlib
import json
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from megacam.errors import MegacamError
from megacam.update import keys, verify
from megacam.update.keys import KeyFolder

Sign = Callable[[bytes], bytes]
# RFC 8017, 9.2, note 1.
_DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
_TIMEOUT_S = 300  # somebody may have to find a token and type a PIN
_PROOF = b"megacam asks whether this command signs\n"


def _digest(text: bytes) -> bytes:
    return hashlib.sha256(text).digest()


#: What a command may get: the text itself, its SHA-256 (32 bytes), or the DigestInfo (51 bytes).
INPUTS: dict[str, Callable[[bytes], bytes]] = {
    "text": lambda text: text,
    "digest": _digest,
    "digest-info": lambda text: _DIGEST_INFO + _digest(text),
}


def add(folder: KeyFolder, which: str, command: str, gets: str, public: Path) -> bytes:
    """Let `command` sign for a key after it has proved that it can; return the key's modulus.

    Raises MegacamError.
    """
    folder.check_free(which)
    if gets not in INPUTS:
        raise MegacamError(f"a signer gets {', '.join(INPUTS)}, not {gets!r}")
    key, modulus = keys.read_public(public)
    words = shlex.split(command)
    _checked(lambda text: _run(words, gets, text), modulus)(_PROOF)
    made = json.dumps({"command": words, "gets": gets}, indent=1).encode()
    folder.write(f"update-{which}.signer", made)
    return folder.put_public(which, key)


def signer(folder: KeyFolder, which: str, passphrase: Callable[[], str]) -> Sign:
    """Return sign(text) -> 384 bytes for one of the keys; `passphrase` is asked if one is needed.

    Raises MegacamError, as sign() does.
    """
    modulus = folder.modulus(which)
    if not modulus:
        raise folder.missing(which)
    found = folder.signer_command(which)
    if found:
        words, gets = [str(word) for word in _list(found["command"])], str(found["gets"])
        return _checked(lambda text: _run(words, gets, text), modulus)
    key = folder.load(which, passphrase())
    return _checked(lambda text: key.sign(text, padding.PKCS1v15(), hashes.SHA256()), modulus)


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _checked(sign: Sign, modulus: bytes) -> Sign:
    def signed(text: bytes) -> bytes:
        signature = sign(text)
        if not verify.is_signed(signature, text, modulus):
            raise MegacamError(
                f"the signature of {len(signature)} bytes is not by the key "
                f"{keys.fingerprint(modulus)}; check the signer's key, mechanism (RSA PKCS#1 "
                "v1.5, SHA-256) and --signer-gets"
            )
        return signature

    return signed


def _run(words: list[str], gets: str, text: bytes) -> bytes:
    try:
        done = subprocess.run(
            words, input=INPUTS[gets](text), stdout=subprocess.PIPE, timeout=_TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        raise MegacamError(f"the signer {words[0]} gave no answer in {_TIMEOUT_S} s") from None
    except OSError as error:
        raise MegacamError(f"the signer {words[0]} does not run: {error.strerror}") from None
    if done.returncode:
        raise MegacamError(f"the signer {words[0]} failed with exit code {done.returncode}")
    return done.stdout
