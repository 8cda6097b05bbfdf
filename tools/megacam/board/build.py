"""Build the board's files in a local folder, with the content that `megacam deploy` would send.

    write(Path("build"), tree(config))

You can then copy them with mpremote alone: `mpremote cp -r build/. :`. They are in the slot /a;
the file /slot lets boot.py run it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from megacam.board import deploy, mip
from megacam.board import tree as device_tree
from megacam.errors import MegacamError

_SLOT = "a"
_MANIFEST = f"{_SLOT}/{deploy.MANIFEST}"


def tree(
    config: dict[str, Any] | None,
    ca_file: Path | None = None,
    hmac_folder: Path | None = None,
    index: str = mip.INDEX,
) -> dict[str, bytes]:
    """Return {path on the board: content} of all files that an empty board needs.

    The arguments are those of deploy.tree() and deploy.plan(). Raises MegacamError.
    """
    wanted = deploy.tree(config, ca_file)
    deploy.check_roots(wanted)
    hmac = mip.from_folder("hmac", hmac_folder) if hmac_folder else mip.fetch("hmac", index)
    placed = device_tree.placed(deploy.with_manifest({**wanted, **hmac}), _SLOT)
    return {**placed, "slot": f"{_SLOT}\n".encode()}


def write(folder: Path, wanted: Mapping[str, bytes]) -> None:
    """Make `folder` hold exactly `wanted`; it must be new, empty or an earlier build.

    Raises MegacamError for any other folder and leaves it unchanged.
    """
    try:
        there = _earlier(folder)
        for name in there - set(wanted):
            (folder / name).unlink()
        # Write the manifest first, so that an interrupted build is still recognized as a build.
        for name in sorted(wanted, key=lambda name: (name != _MANIFEST, name)):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(wanted[name])
    except OSError as error:
        raise MegacamError(
            f"cannot write {error.filename or folder}: {error.strerror}; name another folder"
        ) from error


def _earlier(folder: Path) -> set[str]:
    """Return the files of an earlier build; raise MegacamError if there are any others."""
    if folder.exists() and not folder.is_dir():
        raise MegacamError(f"{folder} is a file, not an earlier build; name a new folder")
    there = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_symlink() or not path.is_dir()
    }
    strange = there - {"slot"}
    for top in (_SLOT, ""):  # without slots, as older versions made it
        manifest = folder / top / deploy.MANIFEST
        known = deploy.parsed(manifest.read_bytes()) if manifest.is_file() else None
        if known:
            ours = {deploy.MANIFEST, *deploy.HMAC, *known["files"]}
            strange -= {*device_tree.placed(dict.fromkeys(ours, b""), top)} if top else ours
    if strange:
        raise MegacamError(
            f"{folder} holds {min(strange)}, which is not from an earlier build; name a new folder"
        )
    return there
