"""Boards whose files lie at the top of the flash, as versions without slots had them."""

from collections.abc import Iterable

from megacam.board import files
from megacam.board.device import Device
from megacam.board.tree import MANIFEST

_FOLDERS = ("firmware", "roots")
# What a deploy of an older version, if interrupted, has left.
_STEPS = ("new", "switch", "switched")


def paths(board: Device) -> dict[str, int]:
    """Return {path: size in bytes} of the files at the top that a slot would hold."""
    found = {}
    for folder in (*_FOLDERS, "lib"):
        found |= {f"{folder}/{p}": size for p, size in files.paths(board, f"/{folder}").items()}
    top = files.paths(board, "/", is_deep=False)
    return found | {name: top[name] for name in ("config.json", MANIFEST) if name in top}


def left(board: Device, of_library: Iterable[str]) -> list[str]:
    """Return what is at the top that only older versions need; `of_library` are paths in lib/.

    The settings come first: as soon as a new boot.py runs, it takes them for new ones.
    """
    top = files.listing(board, "/")
    steps = [name for name in _STEPS if name in top]
    if not {"firmware", MANIFEST} & {*top}:
        return steps
    library = files.paths(board, "/lib") if "lib" in top else {}
    ours = [path for path in of_library if path.removeprefix("lib/") in library]
    names = ("config.json", *sorted(ours), *_FOLDERS, MANIFEST)
    return [name for name in names if name in top or name in ours] + steps
