"""A local index of the packages in lib/ for `mpremote mip install --index FOLDER`: `make mip`.

The packages are compiled for boards with little memory: their on-demand modules are loaded by
lib/overlay_files.py and dropped after use. From source, as their .json files install them, they
work with plain imports, which stay in memory. The format is that of micropython-lib:
https://github.com/micropython/micropython-lib/blob/master/tools/build.py
"""

import argparse
import ast
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from megacam.board import mip, overlays, tree
from megacam.board.shorten import shorten
from megacam.errors import MegacamError

_MPY_VERSION = 6  # of MicroPython 1.24 and later
_LOADER = "overlay_files.py"


def index(hmac: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return {path in the index: content} of all packages in lib/.

    `hmac` is {path on the board: content} of micropython-lib's hmac, which they need.
    """
    lib = tree.root() / "lib"
    compiled = _compiled(lib)
    files = {}
    for path in sorted(lib.glob("*.json")):
        manifest = json.loads(path.read_text())
        names = [name for name, _ in manifest["urls"]]
        if _LOADER not in names:
            names.append(_LOADER)
        targets = {name.removesuffix("py") + "mpy": compiled[name] for name in names}
        files |= _package(path.stem, manifest["version"], manifest["deps"], targets)
    found = {name.removeprefix("lib/"): content for name, content in hmac.items()}
    return files | _package("hmac", mip.PINS["hmac"].version, [], found)


def _compiled(lib: Path) -> dict[str, bytes]:
    """Return {file of lib/: its .mpy}, linked by the names of the modules."""
    files = sorted(path.relative_to(lib).as_posix() for path in lib.rglob("*.py"))
    names = {file: tree.module_name(f"lib/{file}") for file in files}
    texts = {names[file]: (lib / file).read_text(encoding="utf-8") for file in files}
    # Users call these modules, so their public functions keep the names of their arguments.
    texts |= shorten({name: text for name, text in texts.items() if overlays.is_code(text)}, texts)
    links = {name: name for file, name in names.items() if not overlays.is_resident(f"lib/{file}")}
    linked = {name: _with_loader(overlays.link(text, links)) for name, text in texts.items()}
    blobs = tree.compile_texts(linked)
    return {file: blobs[name] for file, name in names.items()}


def _with_loader(text: str) -> str:
    """Return a module's source that imports the loader first, if it loads any overlay."""
    parsed = ast.parse(text)
    calls = [node.func for node in ast.walk(parsed) if isinstance(node, ast.Call)]
    if not any(isinstance(call, ast.Name) and call.id == "overlay" for call in calls):
        return text
    return f"__import__({_LOADER.removesuffix('.py')!r})\n{text}"


def _package(
    name: str, version: str, deps: list[Any], targets: Mapping[str, bytes]
) -> dict[str, bytes]:
    files, hashes = {}, []
    for target, content in targets.items():
        digest = hashlib.sha256(content).hexdigest()
        hashes.append([target, digest[:8]])
        files[f"file/{digest[:2]}/{digest[:8]}"] = content
    about = {"v": 1, "version": version, "hashes": hashes, "deps": deps}
    text = json.dumps(about, indent=2).encode()
    place = f"package/{_MPY_VERSION}/{name}"
    return {**files, f"{place}/{version}.json": text, f"{place}/latest.json": text}


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Add `files` to the index in `folder`; raises MegacamError if it cannot be written."""
    try:
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    except OSError as error:
        raise MegacamError(
            f"cannot write {error.filename or folder}: {error.strerror}; name another folder"
        ) from None


def main() -> None:
    parser = argparse.ArgumentParser(description="Build an index for mpremote mip.")
    parser.add_argument("folder", type=Path, nargs="?", default=Path("build/mip"))
    parser.add_argument("--hmac", type=Path, help="a folder with micropython-lib's hmac")
    given = parser.parse_args()
    try:
        hmac = mip.from_folder("hmac", given.hmac) if given.hmac else mip.fetch("hmac")
        write(given.folder, index(hmac))
    except MegacamError as error:
        parser.exit(1, f"{error}\n")
    print(f"mpremote mip install --index {given.folder} s3")


if __name__ == "__main__":
    main()
