"""Releases as a board may find them, to hold verifiers against: good ones, and every attack.

    from update import releases

    for case in releases.cases(now):
        ...  # hand case.board's knowledge and case.objects to the verifier; compare case.why

Each case differs from a good release in one point, so the order of a verifier's checks does not
matter. TUF's list of attacks: https://theupdateframework.io/docs/security/
"""

import dataclasses
import functools
import hashlib
from collections.abc import Iterator
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from megacam.update import manifest, seal, verify
from megacam.update.manifest import File, Manifest
from megacam.update.verify import Board

DEVICE = "cam1"
#: The counter that the board of every case has accepted, and that of a good release.
ACCEPTED, COUNTER = 41, 42
FILES = {
    "firmware/__init__.mpy": b"M\x06\x00\x1ffirmware",
    "lib/overlay.bin": bytes(range(256)) * 40,
}
SETTINGS = {"config.json": b'{"interval_s": 60}'}
NETWORKS = [{"ssid": "new router", "password": "correct horse"}]
SEAL = bytes(range(32))
_ENDLESS_BYTES = 200_000
_DAY_S = 86_400
# The DigestInfo of SHA-256 without its NULL: another encoding of the same hash.
_NO_NULL = bytes.fromhex("302f300b0609608648016503040201" + "0420")
_DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")


@dataclasses.dataclass(frozen=True)
class Case:
    """What one board finds under DEVICE/_update/.

    `objects`: {name below DEVICE/_update/: content}. `why`: "" if the board installs it, else the
    word of verify.RefusedError, or of verify.NotYetError where `waits`.
    """

    name: str
    objects: dict[str, bytes]
    board: Board
    why: str = ""
    waits: bool = False

    @property
    def release(self) -> bytes:
        """The signed manifest."""
        return self.objects["release"]


def key(name: str = "current") -> rsa.RSAPrivateKey:
    """Return one of the tests' own keys: "current", "next" or any other word; made once."""
    return _key(name)


@functools.cache
def _key(name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=verify.EXPONENT, key_size=3072)


def modulus(name: str = "current") -> bytes:
    """Return what the board has of a key: 384 bytes, big-endian."""
    return key(name).public_key().public_numbers().n.to_bytes(manifest.SIGNATURE_BYTES, "big")


def sign(text: bytes, name: str = "current") -> bytes:
    """Return `text` behind its signature."""
    return key(name).sign(text, padding.PKCS1v15(), hashes.SHA256()) + text


def described(now: int, content: dict[str, bytes] = FILES, **changes: Any) -> Manifest:
    """Return a manifest that the board of a case takes, with `changes` to its fields."""
    brings = tuple(
        File(path, len(content[path]), hashlib.sha256(content[path]).hexdigest())
        for path in sorted(content)
    )
    good: dict[str, Any] = {
        "counter": COUNTER,
        "version": "0.2.0",
        "board": "ESP32_GENERIC",
        "mpy": "6.3",
        "devices": (DEVICE,),
        "not_before": now - _DAY_S,
        "expires": now + _DAY_S,
        "keep": ("config.json", "roots")
        if content is not SETTINGS
        else ("firmware", "lib", "roots"),
        "files": brings,
    }
    return Manifest(**{**good, **changes})


def objects(release: bytes, files: dict[str, bytes] = FILES) -> dict[str, bytes]:
    """Return {name: content} of a release and its files."""
    return {hashlib.sha256(one).hexdigest(): one for one in files.values()} | {"release": release}


def board(now: int, **changes: Any) -> Board:
    """Return the board of a case: cam1, which has accepted release 41."""
    keys = (modulus(), modulus("next"))
    return dataclasses.replace(Board(DEVICE, keys, now, ACCEPTED, seal=SEAL), **changes)


def cases(now: int) -> list[Case]:
    """Return every case for a board whose clock says `now`, UTC seconds since 1970."""
    return [*_good(now), *_waiting(now), *_refused(now)]


def _case(now: int, name: str, why: str = "", **changes: Any) -> Case:
    return Case(name, objects(sign(described(now, **changes).text())), board(now), why)


def _good(now: int) -> Iterator[Case]:
    yield _case(now, "firmware")
    yield _case(now, "for every camera", devices=("*",))
    yield _case(now, "for several cameras", devices=("cam0", DEVICE))
    yield _case(now, "the release before is there", least=ACCEPTED)
    settings = sign(described(now, SETTINGS).text())
    yield Case("settings", objects(settings, SETTINGS), board(now))
    text = described(now).text()
    yield Case("signed by the next key", objects(sign(text, "next")), board(now))
    yield _case(now, "brings a next key", next_key=modulus("another").hex())
    yield Case("a sealed Wi-Fi change", objects(_sealed(now), {}), board(now))


def _waiting(now: int) -> Iterator[Case]:
    for case in (
        _case(now, "accepted before", "same", counter=ACCEPTED),
        _case(now, "for tomorrow", "early", not_before=now + 1),
        _case(now, "for no camera yet", "percent", percent=0),
    ):
        yield dataclasses.replace(case, waits=True)


def _refused(now: int) -> Iterator[Case]:
    yield _case(now, "an older release", "older", counter=ACCEPTED - 1)
    yield _case(now, "a release that was held back", "expired", expires=now)
    yield _case(now, "a release in between is missing", "least", least=ACCEPTED + 1)
    yield _case(now, "another camera's release", "device", devices=("cam2",))
    yield _case(now, "a camera with a longer name", "device", devices=(DEVICE + "0",))
    yield _case(now, "another kind of board", "board", board="RPI_PICO_W")
    yield _case(now, "another .mpy version", "mpy", mpy="6.1")
    yield from _forged(now)
    yield from _texts(now)
    yield from _damaged(now)
    yield from _seals(now)


def _forged(now: int) -> Iterator[Case]:
    text = described(now).text()
    good = sign(text)
    size = manifest.SIGNATURE_BYTES
    forged = {
        "another key": sign(text, "stranger"),
        "no signature": bytes(size) + text,
        "a signature of 1": bytes(size - 1) + b"\1" + text,
        "an altered signature": good[:100] + bytes([good[100] ^ 1]) + good[101:],
        "an altered manifest": good.replace(b"counter 42", b"counter 43"),
        "a cut manifest": good[:-1],
        "one more line": good + b"keep lib\n",
        "the signature of another release": good[:size] + described(now, counter=43).text(),
        "SHA-1": key().sign(text, padding.PKCS1v15(), hashes.SHA1()) + text,
        "PSS": key().sign(text, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
        + text,
        "a short padding": _raw(b"\0\1" + b"\xff" * 8 + b"\0" + _DIGEST_INFO, text),
        "no NULL in the DigestInfo": _raw(None, text, _NO_NULL),
        "garbage behind the hash": _raw(b"\0\1" + b"\xff" * 200 + b"\0" + _DIGEST_INFO, text),
        "a signature above the modulus": _above(now),
    }
    for name, release in forged.items():
        yield Case(name, objects(release), board(now), "signature")
    for name, release in (
        ("nothing but a signature", good[:size]),
        ("an empty object", b""),
        ("an endless manifest", good + b"x" * _ENDLESS_BYTES),
    ):
        yield Case(name, objects(release), board(now), "length")


def _raw(head: bytes | None, text: bytes, info: bytes = _DIGEST_INFO) -> bytes:
    """Return `text` behind the signature of a block that only a lazy verifier takes for right.

    It is what Bleichenbacher forged for small exponents in 2006; here the real key makes it.
    """
    digest = hashlib.sha256(text).digest()
    size = manifest.SIGNATURE_BYTES
    if head is None:
        padded = b"\xff" * (size - 3 - len(info) - len(digest))
        head = b"\0\1" + padded + b"\0" + info
    block = (head + digest).ljust(size, b"\x5a")
    return _private(int.from_bytes(block, "big")) + text


def _private(number: int) -> bytes:
    numbers = key().private_numbers()
    made = pow(number, numbers.d, numbers.public_numbers.n)
    return made.to_bytes(manifest.SIGNATURE_BYTES, "big")


def _above(now: int) -> bytes:
    """Return a release signed by a right signature plus the modulus: RFC 8017, 8.2.2, step 1."""
    n = key().public_key().public_numbers().n
    for number in range(1000):
        text = described(now, version=f"0.2.{number}").text()
        above = int.from_bytes(sign(text)[: manifest.SIGNATURE_BYTES], "big") + n
        if above < 1 << 8 * manifest.SIGNATURE_BYTES:
            return above.to_bytes(manifest.SIGNATURE_BYTES, "big") + text
    raise AssertionError("no signature plus the modulus has 384 bytes")


def _texts(now: int) -> Iterator[Case]:
    """Yield texts with a right signature that are no manifest; megacam never signs them."""
    text = described(now).text()
    first = text.splitlines(keepends=True)
    line = next(one for one in first if one.startswith(b"file lib/"))
    wrong = {
        "another format": text.replace(b"release 1\n", b"release 2\n"),
        "an unknown line": text.replace(b"percent", b"run os.remove\npercent"),
        "two counters": text.replace(b"least", b"counter 43\nleast"),
        "lines in another order": text.replace(b"counter 42\nleast 0\n", b"least 0\ncounter 42\n"),
        "a number with a zero in front": text.replace(b"counter 42", b"counter 042"),
        "a counter below zero": text.replace(b"counter 42", b"counter -42"),
        "a counter of more than 25 bits": text.replace(b"counter 42", b"counter 33554474"),
        "a counter of more than 31 bits": text.replace(b"counter 42", b"counter 4294967338"),
        "a line without its end": text[:-1],
        "ends of lines as on Windows": text.replace(b"\n", b"\r\n"),
        "no device": text.replace(b"device cam1\n", b""),
        "a file twice": text + line,
        "files out of order": text.replace(line, b"").replace(b"file firm", line + b"file firm"),
        "a hash in capitals": text.replace(line, line.replace(line[-65:-1], line[-65:-1].upper())),
        "a hash that is too short": text.replace(line, line[:-2] + b"\n"),
        "more than ASCII": text.replace(b"0.2.0", b"0.2.\xb2"),
        "a next key that is too short": text.replace(b"keep config", b"next-key ab\nkeep config"),
    }
    for path in (
        "../main.py",
        "lib/../main.py",
        "/lib/x.mpy",
        "boot.py",
        "main.py",
        "lib",
        "lib/",
    ):
        moved = line.replace(b"lib/overlay.bin", path.encode())
        wrong[f"the path {path}"] = text.replace(line, moved)
    for path in ("lib//x", "lib/.../x", "lib/a b", "update/manifest", "a/lib/x.mpy", "spool/x"):
        wrong[f"the path {path}"] = text.replace(
            line, line.replace(b"lib/overlay.bin", path.encode())
        )
    for name, other in wrong.items():
        yield Case(name, objects(sign(other)), board(now), "text")


def _damaged(now: int) -> Iterator[Case]:
    """Yield releases whose objects are not what their manifests say."""
    case = _case(now, "")
    name, other = (hashlib.sha256(one).hexdigest() for one in reversed(FILES.values()))
    content = case.objects[name]
    swapped = {name: case.objects[other], other: content}
    changes: dict[str, tuple[dict[str, bytes], str]] = {
        "an altered file": ({name: b"\xff" + content[1:]}, "hash"),
        "an altered last byte": ({name: content[:-1] + b"\0"}, "hash"),
        "a cut file": ({name: content[:-1]}, "size"),
        "an empty file": ({name: b""}, "size"),
        "an endless file": ({name: content + b"\xff" * _ENDLESS_BYTES}, "size"),
        "mixed files": (swapped, "size"),
    }
    for text, (changed, why) in changes.items():
        yield Case(text, case.objects | changed, board(now), why)
    rest = {key: one for key, one in case.objects.items() if key != name}
    yield Case("a file that is not there", rest, board(now), "missing")
    for text, size in (("a smaller size", -1), ("a larger size", 1)):
        yield Case(text, objects(_sized(now, size)), board(now), "size")


def _sized(now: int, more: int) -> bytes:
    files = described(now).files
    wrong = dataclasses.replace(files[-1], size_bytes=files[-1].size_bytes + more)
    return sign(described(now, files=(*files[:-1], wrong)).text())


def _sealed(now: int, key: bytes = SEAL, device: str = DEVICE, counter: int = COUNTER) -> bytes:
    sealed = seal.seal(NETWORKS, key, device, counter, iv=bytes(16))
    keep = ("config.json", "firmware", "lib", "roots")
    return sign(described(now, {}, wifi=sealed, keep=keep).text())


def _seals(now: int) -> Iterator[Case]:
    good = described(now, {}, wifi=seal.seal(NETWORKS, SEAL, DEVICE, COUNTER)).wifi
    altered = good[:40] + format(int(good[40], 16) ^ 1, "x") + good[41:]
    wrong = {
        "a seal for another camera": _sealed(now, device="cam2"),
        "a seal of another release": _sealed(now, counter=COUNTER - 1),
        "a seal with another key": _sealed(now, key=bytes(32)),
        "an altered seal": sign(described(now, {}, wifi=altered).text()),
        "a seal that is too short": sign(described(now, {}, wifi="00" * 47).text()),
    }
    for name, release in wrong.items():
        yield Case(name, objects(release, {}), board(now), "seal")
    sealed = objects(_sealed(now), {})
    yield Case("a board without a seal", sealed, board(now, seal=None), "seal")
