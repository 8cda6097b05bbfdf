"""Fetch packages of micropython-lib over https and check them against a pinned hash.

mip's index names every file by its SHA-256 and never removes one, so the pin is also the address:
https://github.com/micropython/micropython-lib/blob/master/tools/build.py
"""

import hashlib
import http.client
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from megacam import address
from megacam.board import tree
from megacam.errors import MegacamError

INDEX = "https://micropython.org/pi/v2"
_TIMEOUT_S = 20
_LIMIT_BYTES = 64 << 10
_PART_BYTES = 4096


class PackageError(MegacamError):
    """The package is not available; the message says why and what to do."""


@dataclass(frozen=True)
class Pin:
    """The supported version of a package: a single module, by the SHA-256 of its source."""

    version: str
    sha256: str


# python-stdlib/hmac/hmac.py with the line that build.py adds to it, `__version__ = '3.4.4'`: 2,873
# bytes. Not of the .mpy, because its bytes depend on the compiler that the index used.
PINS = {
    "hmac": Pin("3.4.4", "5f02f5d02590d44fe8c300f851c549e7918ccbd766dd877ab92268c7c3ebc3a2"),
}


class _SecureRedirects(urllib.request.HTTPRedirectHandler):
    """Follows a redirect only if the new address is https, too."""

    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if urlsplit(newurl).scheme != "https":
            raise ValueError(f"it leads to {newurl}, which is not https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch(package: str, index: str = INDEX, pin: Pin | None = None) -> dict[str, bytes]:
    """Return {path on the board: content} of a package, compiled here.

    `index` is an https address or a folder; `pin` defaults to the supported version. Raises
    PackageError if the package is not available or does not match the pin.
    """
    pin = pin or PINS[package]
    named = f"{package} {pin.version} of micropython-lib"
    remedy = f"name a folder that holds {package}.py or {package}.mpy with --{package} FOLDER"
    place = f"{index.rstrip('/')}/file/{pin.sha256[:2]}/{pin.sha256[:8]}"
    is_online = "://" in index
    if is_online and not index.lower().startswith("https://"):
        raise PackageError(f"{named} is fetched by https only, not from {index}; {remedy}")
    try:
        if is_online:
            address.split(index)
        source = _download(place) if is_online else _read(Path(place))
    except (OSError, ValueError, http.client.HTTPException) as error:
        shown = " ".join(index.split())
        raise PackageError(
            f"{named} cannot be fetched from {shown} ({_reason(error)}); go online, or {remedy}"
        ) from None
    found = hashlib.sha256(source).hexdigest()
    if found != pin.sha256:
        raise PackageError(
            f"{place} is not {named}: {len(source)} bytes with the SHA-256 {found[:16]}..., not "
            f"{pin.sha256[:16]}...; nothing was installed; {remedy}"
        )
    compiled = tree.compile_texts({package: source.decode()})
    return {f"lib/{package}.mpy": compiled[package]}


def _download(url: str) -> bytes:
    """Return the content at `url`; raises ValueError if it exceeds _LIMIT_BYTES."""
    deadline_s = time.monotonic() + _TIMEOUT_S
    data = b""
    opener = urllib.request.build_opener(_SecureRedirects)
    with opener.open(url, timeout=_TIMEOUT_S) as answer:
        while len(data) <= _LIMIT_BYTES:
            part = answer.read1(_PART_BYTES)
            data += part
            if not part:
                return data
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"only {len(data)} bytes in {_TIMEOUT_S} s")
    raise ValueError(f"more than {_LIMIT_BYTES >> 10} KB")


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_LIMIT_BYTES)


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"status {error.code}"
    cause = getattr(error, "reason", error)
    for said in (getattr(cause, "verify_message", ""), getattr(cause, "strerror", ""), cause):
        if said and str(said):
            return str(said)
    return type(cause).__name__


def from_folder(package: str, folder: Path) -> dict[str, bytes]:
    """Return the same as fetch() from a folder with the .mpy or .py; raises PackageError."""
    compiled, source = folder / f"{package}.mpy", folder / f"{package}.py"
    if compiled.is_file():
        return {f"lib/{package}.mpy": compiled.read_bytes()}
    if source.is_file():
        return {f"lib/{package}.mpy": tree.compile_file(source)}
    raise PackageError(f"{folder} holds neither {package}.py nor {package}.mpy")
