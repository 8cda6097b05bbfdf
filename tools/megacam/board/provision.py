"""Write secrets to the board's NVS, over its raw REPL and through firmware/credentials.

Secrets stay in memory: they never appear in an argument, a file or a message. What was stored is
verified by a salted hash, which board and host compute with the same code.
"""

import ast
import contextlib
import hashlib
import os
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from megacam import settings
from megacam.aws import AccessKey
from megacam.board.device import Device, DeviceError, RemoteError
from megacam.cloud.iot import DeviceCertificate

ENTRIES = ("wifi", "aws")
# A certificate instead of a key: its data in "iot", and both parts as DER in separate entries.
# The parts have two slots, so that a new certificate is next to the old one until "iot" names it.
_SLOTS = ("", "2")
_DER = ("iot_cert", "iot_key")
# What goes with an entry. "iot" first: without it, the board uses the key in "aws". "wifi_before"
# has the networks that the board takes back if those of a sealed change do not work.
_REPLACED = {
    "aws": ("iot", *(name + slot for slot in _SLOTS for name in _DER)),
    "wifi": ("wifi_before",),
}
_WIFI = ("MEGACAM_WIFI_SSID", "MEGACAM_WIFI_PASSWORD")
# Not AWS_...: those are the owner's, with far more rights than a board may have.
_KEY = ("MEGACAM_KEY_ID", "MEGACAM_KEY_SECRET")
#: The public keys that sign releases, and the key of a sealed Wi-Fi change; see docs/updates.md.
UPDATE = ("update_current", "update_next", "seal")
# Runs on both sides. The salt keeps the hash from confirming a guessed password.
_DIGEST = """
import binascii,hashlib
def digest(salt,value):
 h=hashlib.sha256(salt.encode())
 for entry in value if isinstance(value,list) else [value]:
  for name in sorted(entry):h.update((name+'\\0'+str(entry[name])+'\\0').encode())
 return binascii.hexlify(h.digest()).decode()
"""


class NotStoredError(DeviceError):
    """NVS does not hold the value that was written."""


def from_environment(
    config: dict[str, Any], environment: Mapping[str, str] = os.environ
) -> dict[str, Any]:
    """Return {entry: value} from the environment, else from config.json; {} if neither has any.

    `config` is the parsed config.json, or {}. Raises SettingsError for a wrong value in either.
    """
    given = settings.check(config)[1] if config else {}
    found: dict[str, Any] = {}
    networks = [one for one in given.get("wifi.networks", ()) if one.get("ssid")]
    if environment.get(_WIFI[0]):
        networks = wifi(*_both(environment, _WIFI), _WIFI)
    if networks:
        found["wifi"] = networks
    if "aws.access_key_id" in given:
        found["aws"] = {"id": given["aws.access_key_id"], "secret": given["aws.secret_access_key"]}
    if any(environment.get(name) for name in _KEY):
        found["aws"] = key(*_both(environment, _KEY), _KEY)
    return found


def _both(environment: Mapping[str, str], names: tuple[str, str]) -> tuple[str, str]:
    return environment.get(names[0], ""), environment.get(names[1], "")


def wifi(ssid: str, password: str, called: tuple[str, str]) -> list[dict[str, str]]:
    """Return the entry "wifi" for one network; `called` are the user's names for both values.

    Raises SettingsError.
    """
    names = {"wifi.networks.ssid": called[0], "wifi.networks.password": called[1]}
    [network] = settings.value("wifi.networks", [{"ssid": ssid, "password": password}], names)
    if not network["ssid"]:
        raise settings.SettingsError(f"{called[0]} is empty; it must be a string of 1 to 32 bytes")
    return [network]


def key(identity: str, secret: str, called: tuple[str, str]) -> dict[str, str]:
    """Return the entry "aws" for a key; `called` as in wifi(). Raises SettingsError."""
    names = {"aws.access_key_id": called[0], "aws.secret_access_key": called[1]}
    given = zip(names, (identity, secret), strict=True)
    pair = [settings.value(name, one, names) for name, one in given]
    if not all(pair):
        raise settings.SettingsError(f"half an AWS key: set both {called[0]} and {called[1]}")
    return {"id": pair[0], "secret": pair[1]}


def notes(value: Any) -> list[str]:
    """Return a note for each leading or trailing space in an entry, as it may be a mistake."""
    strip = settings.schema().strip
    return [
        f"the {word} of the Wi-Fi network {network['ssid']!r} begins or ends with a space"
        for network in (value if isinstance(value, list) else ())
        for word, name in (("name", "ssid"), ("password", "password"))
        if strip(network.get(name, "")) != network.get(name, "")
    ]


def of_key(key: AccessKey) -> dict[str, str]:
    """Return the entry "aws" for a key."""
    return {"id": key.access_key_id, "secret": key.secret_access_key}


def store(board: Device, entry: str, value: Any) -> None:
    """Write one entry and read it back; raises NotStoredError, or DeviceError without firmware.

    A key in "aws" also replaces a certificate, and networks in "wifi" those that a sealed change
    would come back to.
    """
    _store(board, entry, value)
    _erase(board, _REPLACED[entry])


def _store(board: Device, entry: str, value: Any) -> None:
    salt = secrets.token_hex(16)
    with _explained():
        board.exec(f"from firmware import credentials\ncredentials.save({entry!r},{value!r})")
        board.exec(_DIGEST)
        found = board.exec(f"print(digest({salt!r},credentials.load({entry!r})))").strip()
    here: dict[str, Any] = {}
    exec(_DIGEST, here)
    if found != here["digest"](salt, value):
        raise _not_stored(entry)


def _not_stored(entry: str) -> NotStoredError:
    return NotStoredError(
        f"the board's NVS does not hold the {entry} entry that was written; wipe it with "
        "`megacam wipe` and provision again"
    )


def store_certificate(board: Device, certificate: DeviceCertificate) -> None:
    """Write a device certificate to replace a key or another one; raises the same as store().

    If this is interrupted, the board signs in with the previous credentials or with these.
    """
    slot, other = _slots(board)
    parts = certificate.certificate_der, certificate.private_key_der
    for name, der in zip(_DER, parts, strict=True):
        _store_der(board, name + slot, der)
    host, _, port = certificate.endpoint.partition(":")
    iot = {
        "id": certificate.identity,
        "host": host,
        "port": int(port or 443),
        "role_alias": certificate.role_alias,
        "thing": certificate.thing,
        "slot": slot,
    }
    _store(board, "iot", iot)
    _erase(board, ("aws", *(name + other for name in _DER)))


def _slots(board: Device) -> tuple[str, str]:
    """Return (the slot for a new certificate, the slot of the current one)."""
    with _explained():
        out = board.exec(
            "from firmware import credentials as c\nfrom firmware.errors import CredentialsError\n"
            "try:print(repr(c.load('iot').get('slot','')))\nexcept CredentialsError:print(None)"
        )
    held = ast.literal_eval(out.strip())
    return (_SLOTS[1], _SLOTS[0]) if held == _SLOTS[0] else (_SLOTS[0], _SLOTS[1])


def _store_der(board: Device, name: str, der: bytes) -> None:
    with _explained():
        board.exec(f"from firmware import credentials as c\nc.save_der({name!r},{der!r})")
        found = board.exec(
            "import binascii,hashlib\n"
            f"print(binascii.hexlify(hashlib.sha256(c.load_der({name!r})).digest()).decode())"
        )
    if found.strip() != hashlib.sha256(der).hexdigest():
        raise _not_stored(name)


def store_update(board: Device, current: bytes, following: bytes | None, seal: bytes) -> None:
    """Write the moduli of the two keys that sign releases, and the seal; raises as store() does.

    Without a `following` key, the board forgets the one that it had.
    """
    for name, content in zip(UPDATE, (current, following, seal), strict=True):
        if content:
            _store_der(board, name, content)
        else:
            _erase(board, (name,))


def wipe(board: Device, entries: tuple[str, ...] = ENTRIES) -> None:
    """Erase the entries from NVS, each with what store() replaces; a missing entry is no error.

    A board that loses all of them also forgets whose releases it takes.
    """
    more = [name for entry in entries for name in _REPLACED[entry]]
    _erase(board, (*more, *(UPDATE if {*entries} >= {*ENTRIES} else ()), *entries))


def _erase(board: Device, names: tuple[str, ...]) -> None:
    with _explained():
        board.exec(f"from firmware import credentials as c\nfor e in {names!r}:c.erase(e)")


def known(board: Device) -> dict[str, str]:
    """Return {entry: what may be shown of it}: the network names, the key's id; no secrets.

    A certificate counts as "aws", because it is used instead of a key.
    """
    with _explained():
        out = board.exec(
            "from firmware import credentials as c\nfrom firmware.errors import CredentialsError\n"
            f"for e in {ENTRIES!r}:\n try:v=c.load('iot' if e=='aws' and c.has('iot') else e)\n"
            " except CredentialsError:continue\n"
            " print(e,v['id'] if e=='aws' else ', '.join([n['ssid'] for n in v]))"
        )
    return dict(line.split(" ", 1) for line in out.splitlines() if " " in line)


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except RemoteError as error:
        if error.kind == "ImportError":
            raise DeviceError(
                "the board has no megacam firmware yet; run `megacam deploy` first"
            ) from None
        if error.kind == "CredentialsError":
            raise DeviceError(error.text) from None
        raise
