"""Secrets into the board's NVS, over its raw REPL and through firmware/credentials.py.

They travel in memory: never in an argument, a file or a message. What was stored is compared by
a salted hash that board and host compute with the same code.
"""

import contextlib
import hashlib
import os
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from megacam import settings
from megacam.aws import AccessKey
from megacam.cloud.iot import DeviceCertificate
from megacam.device import Device, DeviceError, RemoteError
from megacam.errors import MegacamError

ENTRIES = ("wifi", "aws")
# A certificate in place of a key: its data, and both parts as DER in entries of their own.
_IOT = ("iot", "iot_cert", "iot_key")
_WIFI = ("MEGACAM_WIFI_SSID", "MEGACAM_WIFI_PASSWORD")
# Not AWS_...: those are the owner's, who can do far more than a board may.
_KEY = ("MEGACAM_KEY_ID", "MEGACAM_KEY_SECRET")
# Runs on both sides. A salt, because a password that is guessed must not be recognised.
_DIGEST = """
import binascii,hashlib
def digest(salt,value):
 h=hashlib.sha256(salt.encode())
 for entry in value if isinstance(value,list) else [value]:
  for name in sorted(entry):h.update((name+'\\0'+str(entry[name])+'\\0').encode())
 return binascii.hexlify(h.digest()).decode()
"""


class NotStoredError(DeviceError):
    """NVS does not hold what was stored."""


def from_environment(
    config: Mapping[str, Any], environment: Mapping[str, str] = os.environ
) -> dict[str, Any]:
    """Return {entry: value} of what the environment gives, else config.json; {} if neither.

    `config` is config.json as parsed, or {}. Raises SettingsError for a wrong config.json and
    MegacamError for half a key.
    """
    given = settings.check(dict(config))[1] if config else {}
    found: dict[str, Any] = {}
    networks = [one for one in given.get("wifi.networks", ()) if one.get("ssid")]
    if environment.get(_WIFI[0]):
        networks = [dict(zip(("ssid", "password"), _both(environment, _WIFI), strict=True))]
    if networks:
        found["wifi"] = networks
    key = [given.get("aws.access_key_id"), given.get("aws.secret_access_key")]
    if any(environment.get(name) for name in _KEY):
        key = _both(environment, _KEY)
    if bool(key[0]) != bool(key[1]):
        raise MegacamError(
            f"half an AWS key: aws.access_key_id and aws.secret_access_key of config.json, or "
            f"{_KEY[0]} and {_KEY[1]}, come together"
        )
    if key[0]:
        found["aws"] = {"id": key[0], "secret": key[1]}
    return found


def _both(environment: Mapping[str, str], names: tuple[str, str]) -> list[str | None]:
    return [environment.get(name, "") for name in names]


def of_key(key: AccessKey) -> dict[str, str]:
    """Return the entry "aws" for a key."""
    return {"id": key.access_key_id, "secret": key.secret_access_key}


def store(board: Device, entry: str, value: Any) -> None:
    """Write one entry and read it back; raises NotStoredError, or DeviceError without firmware."""
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


def store_key(board: Device, key: AccessKey) -> None:
    """Write an AWS key in place of another one or of a certificate; raises as store() does."""
    store(board, "aws", of_key(key))
    with _explained():
        board.exec(f"from firmware import credentials as c\nfor e in {_IOT!r}:c.erase(e)")


def store_certificate(board: Device, certificate: DeviceCertificate) -> None:
    """Write a device certificate in place of a key or another one; raises as store() does."""
    parts = {
        "iot_cert": certificate.certificate_der,
        "iot_key": certificate.private_key_der,
    }
    with _explained():
        board.exec("from firmware import credentials as c")
        for name, der in parts.items():
            board.exec(f"c.save_der({name!r},{der!r})")
            found = board.exec(
                "import binascii,hashlib\n"
                f"print(binascii.hexlify(hashlib.sha256(c.load_der({name!r})).digest()).decode())"
            )
            if found.strip() != hashlib.sha256(der).hexdigest():
                raise _not_stored(name)
    iot = {
        "id": certificate.identity,
        "host": certificate.endpoint,
        "role_alias": certificate.role_alias,
        "thing": certificate.thing,
    }
    store(board, "iot", iot)
    with _explained():
        board.exec("from firmware import credentials as c\nc.erase('aws')")


def wipe(board: Device, entries: tuple[str, ...] = ENTRIES) -> None:
    """Erase the entries from NVS, a certificate with "aws"; what is not there is no error."""
    names = (*entries, *(_IOT if "aws" in entries else ()))
    with _explained():
        board.exec(f"from firmware import credentials\nfor e in {names!r}:credentials.erase(e)")


def known(board: Device) -> dict[str, str]:
    """Return {entry: what may be shown of it}: names of networks, the key's id; no secret."""
    with _explained():
        out = board.exec(
            "from firmware import credentials as c\nfrom firmware.errors import CredentialsError\n"
            f"for e in {ENTRIES!r}:\n try:v=c.load(e)\n except CredentialsError:continue\n"
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
