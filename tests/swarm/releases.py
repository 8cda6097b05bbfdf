"""Releases that an owner of the swarm signs: good ones, broken ones, and what must be refused.

    release = releases.release("good", counter=11, built=firmware, now_s=..., held=10)
    release.objects         # {name below DEVICE/_update/: content}

The keys are always the same, so that a seed gives the same bytes; they cost no time to make.
"""

import dataclasses
import hashlib
import json
import random
from collections.abc import Mapping
from typing import Any

from megacam import settings
from megacam.update import content, manifest, seal
from megacam.update.manifest import File, Manifest

_DAY_S = 86_400
_OWN, _OWN_BYTES = "lib/own.bin", 40_000
_EXPONENT = 65_537
_PRIME_BITS = 1536
_DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
#: What the firmware of a release does otherwise: {kind: (file, old text, new text) of each edit}.
_VERSION = ("firmware/__init__.py", '__version__ = "0.1.0"')
_LOOP = ("firmware/app.py", "            due, known = schedule.advance(self), self.windows\n")
_WAKE = ("firmware/power/deep_sleep.py", "    due = restore(app)\n")
_CRASH = 'raise ValueError("a broken release")\n'
_CRASH_AT = "if {}.counters['taken'] % 5 == 4:\n"
FIRMWARE: dict[str, tuple[tuple[str, str, str], ...]] = {
    "good": ((*_VERSION, '__version__ = "0.2.0"'),),
    "crash-import": ((*_VERSION, f'__version__ = "0.3.0"\n{_CRASH}'),),
    "crash-photos": (
        (*_VERSION, '__version__ = "0.4.0"'),
        (*_LOOP, f"{_LOOP[1]}            {_CRASH_AT.format('self')}                {_CRASH}"),
        (*_WAKE, f"{_WAKE[1]}    {_CRASH_AT.format('app')}        {_CRASH}"),
    ),
    "hangs": (
        (*_VERSION, '__version__ = "0.5.0"'),
        (*_LOOP, f"{_LOOP[1]}            while True:\n                clock.time.sleep_ms(999)\n"),
        (*_WAKE, f"{_WAKE[1]}    while True:\n        clock.time.sleep_ms(999)\n"),
    ),
    "never-stores": (
        (*_VERSION, '__version__ = "0.6.0"'),
        (
            "firmware/uploader.py",
            "        start = time.ticks_ms()\n        stored = self.attempt",
            "        start = time.ticks_ms()\n        if start >= 0:\n            return False\n"
            "        stored = self.attempt",
        ),
    ),
}
#: Settings that a release may bring: changed entries of config.json.
SETTINGS: dict[str, dict[str, Any]] = {
    "settings": {"photo": {"exif": True}, "status_min": 5},
    "settings-lost": {"s3": {"endpoint": "https://nowhere.example", "path_style": None}},
}
#: The networks that a release seals to the camera: there, gone, and sealed for
#: another release.
SEALED: dict[str, list[dict[str, str]]] = {
    "wifi": [{"ssid": "Attic", "password": "under the roof"}],
    "wifi-lost": [{"ssid": "Moved out", "password": "nobody is here"}],
    "other-seal": [{"ssid": "Intruder", "password": "come to me"}],
}
#: Releases that no server ever gives to the end: one sends a byte now and then, one much.
ENDLESS = ("trickle", "flood")
#: What a camera has to refuse, made of a good release, or must not take yet.
REFUSED = (
    *("expired", "older", "altered", "other-text", "other-device", "damaged", "cut", "missing"),
    *("old-key", "other-seal", "not-yet", *ENDLESS),
)
GOOD = ("good", "settings", "next-key", "wifi", "widened")
BROKEN = ("crash-import", "crash-photos", "hangs", "never-stores", "settings-lost", "wifi-lost")
KINDS = (*GOOD, *BROKEN, *REFUSED)


@dataclasses.dataclass(frozen=True)
class Release:
    """A release in the bucket. `objects` is {name below DEVICE/_update/: content}.

    `own` is the name of the one that is in no other release, "" if it brings no firmware.
    """

    kind: str
    counter: int
    objects: dict[str, bytes]
    own: str = ""

    @property
    def is_to_be_refused(self) -> bool:
        """Whether no camera may switch to it."""
        return self.kind in REFUSED

    @property
    def is_good(self) -> bool:
        """Whether a camera has to keep it once it has it."""
        return self.kind in GOOD


def _prime(start: int, offset: int) -> int:
    first = random.Random(f"swarm prime {start}").getrandbits(_PRIME_BITS)
    return (first | 3 << (_PRIME_BITS - 2) | 1) + offset


class Key:
    """A key of the owner, of two numbers that pass Fermat's test: enough to sign.

    `modulus` is its public part, as NVS has it.
    """

    def __init__(self, p: int, q: int):
        self._number = p * q
        self._secret = pow(_EXPONENT, -1, (p - 1) * (q - 1))
        self.modulus = self._number.to_bytes(manifest.SIGNATURE_BYTES, "big")

    def sign(self, text: bytes) -> bytes:
        """Return the signature of `text`: RSASSA-PKCS1-v1_5 with SHA-256."""
        info = _DIGEST_INFO + hashlib.sha256(text).digest()
        block = b"\0\1" + b"\xff" * (manifest.SIGNATURE_BYTES - 3 - len(info)) + b"\0" + info
        number = pow(int.from_bytes(block, "big"), self._secret, self._number)
        return number.to_bytes(manifest.SIGNATURE_BYTES, "big")


#: The owner's keys one after the other; a camera begins with the first two. Found once by trial.
KEYS = (
    Key(_prime(1, 596), _prime(2, 2120)),
    Key(_prime(3, 4888), _prime(4, 222)),
    Key(_prime(5, 1908), _prime(6, 2880)),
)
#: The camera's seal in NVS.
SEAL = hashlib.sha256(b"seal of the swarm").digest()


def release(
    kind: str, counter: int, device: str, now_s: int, files: Mapping[str, bytes], signer: int = 0
) -> Release:
    """Return a release of `kind` with these files below the slot; `now_s` is UTC since 1970.

    `signer` is the owner's present key in KEYS. "next-key" is signed by the one after the first.
    """
    described = Manifest(
        counter=counter,
        version="0.2.0",
        board=content.BOARD,
        mpy=content.mpy_version(),
        devices=("cam9" if kind == "other-device" else device,),
        not_before=now_s - 30 * _DAY_S,
        expires=now_s + (-_DAY_S if kind == "expired" else 30 * _DAY_S),
        percent=_turn(device, counter) if kind == "not-yet" else 100,
        next_key=KEYS[2].modulus.hex() if kind == "next-key" else "",
        wifi=_sealed(kind, counter, device),
        keep=_kept(kind),
        files=tuple(
            File(path, len(one), hashlib.sha256(one).hexdigest())
            for path, one in sorted(files.items())
        ),
    )
    key = KEYS[{"next-key": 1, "old-key": 0}.get(kind, signer)]
    text = _signed(kind, described.text(), key)
    objects = {hashlib.sha256(one).hexdigest(): one for one in files.values()}
    own = hashlib.sha256(files[_OWN]).hexdigest() if _OWN in files else ""
    _harm(kind, objects, own)
    return Release(kind, counter, {**objects, "release": text}, own)


def _turn(device: str, counter: int) -> int:
    """Return the highest percentage of a roll-out that the camera is not in."""
    return max(one for one in range(100) if not manifest.is_chosen(device, counter, one))


def _sealed(kind: str, counter: int, device: str) -> str:
    if kind not in SEALED:
        return ""
    meant = counter - (kind == "other-seal")
    return seal.seal(SEALED[kind], SEAL, device, meant, counter.to_bytes(16, "big"))


def _kept(kind: str) -> tuple[str, ...]:
    code = ("deployed.json", "firmware", "lib")
    if kind in SEALED:
        return ("config.json", *code, "roots")
    return (*code, "roots") if kind in SETTINGS else ("config.json", "roots")


def _signed(kind: str, text: bytes, key: Key) -> bytes:
    if kind == "altered":
        return key.sign(text) + text.replace(b"version 0.2.0", b"version 0.2.1")
    return key.sign(text + b"\n" if kind == "other-text" else text) + text


def _harm(kind: str, objects: dict[str, bytes], own: str) -> None:
    if kind == "damaged":
        objects[own] = b"\xff" + objects[own][1:]
    elif kind == "cut":
        objects[own] = objects[own][:-1]
    elif kind == "missing":
        del objects[own]


def firmware_files(built: Mapping[str, bytes], counter: int) -> dict[str, bytes]:
    """Return what a firmware release brings of the build `built`.

    One file is in no other release, so that there is always something to download.
    """
    own = random.Random(f"file of {counter}").randbytes(_OWN_BYTES)
    return {path: one for path, one in built.items() if content.slot_path(path)} | {_OWN: own}


def settings_files(kind: str, config: Mapping[str, Any]) -> dict[str, bytes]:
    """Return what a settings release brings to a camera with the settings `config`."""
    changed = json.loads(json.dumps(config))
    for name, value in SETTINGS[kind].items():
        if isinstance(value, dict):
            changed.setdefault(name, {}).update(value)
        else:
            changed[name] = value
    return {"config.json": settings.check(changed)[0]}
