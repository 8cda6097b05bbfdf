"""Packages of micropython-lib, fetched to the host by mpremote's own installer (`mip`)."""

import contextlib
import io
import socket
from pathlib import Path
from typing import Any

from mpremote import mip
from mpremote.commands import CommandError

from megacam import device_tree
from megacam.errors import MegacamError

INDEX = "https://micropython.org/pi/v2"
_MPY_VERSION = 6  # of every MicroPython since 1.19, with the bytecode that all of them share
_TIMEOUT_S = 20


class PackageError(MegacamError):
    """The package cannot be had; the message says why and what to do."""


class _Catcher:
    """Looks like a board to the installer; keeps what it would write."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def exec(self, code: str) -> None:
        """Take the installer's imports."""

    def eval(self, expression: str) -> int:
        """Answer the installer's only question, for the version of .mpy."""
        return _MPY_VERSION

    def fs_exists(self, path: str) -> bool:
        """Have every folder."""
        return True

    def fs_hashfile(self, path: str, algorithm: str) -> bytes:
        """Have no file."""
        raise FileNotFoundError(path)

    def fs_writefile(self, path: str, data: bytes, **options: Any) -> None:
        """Keep the file."""
        self.files[path.lstrip("/")] = data


def fetch(package: str, index: str = INDEX) -> dict[str, bytes]:
    """Return {path on the board: content} of a package and all that it needs.

    `index` is an address or a folder. Raises PackageError.
    """
    catcher = _Catcher()
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_TIMEOUT_S)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            mip._install_package(catcher, package, index.rstrip("/"), "/lib", None, True)
    except (CommandError, OSError, ValueError) as error:
        raise PackageError(
            f"{package} of micropython-lib cannot be fetched from {index} ({error}); go online, "
            f"or name a folder that holds {package}.py or {package}.mpy with --{package} FOLDER"
        ) from None
    finally:
        socket.setdefaulttimeout(before)
    return catcher.files


def from_folder(package: str, folder: Path) -> dict[str, bytes]:
    """Return the same from a folder with the module, compiled or not; raises PackageError."""
    compiled, source = folder / f"{package}.mpy", folder / f"{package}.py"
    if compiled.is_file():
        return {f"lib/{package}.mpy": compiled.read_bytes()}
    if source.is_file():
        return {f"lib/{package}.mpy": device_tree.compile_file(source)}
    raise PackageError(f"{folder} holds neither {package}.py nor {package}.mpy")
