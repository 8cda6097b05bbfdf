"""Compiled files that were made before: the same sources need not be compiled twice.

The tests start dozens of commands and boards with the same firmware, so they set MEGACAM_BUILDS to
a folder that all processes of one run share. Without it, each process keeps its own in memory.
"""

import hashlib
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

#: The environment variable with the folder's name. The folder knows nothing of changes in the
#: build itself, so it must not outlive one run of the tests.
FOLDER = "MEGACAM_BUILDS"

_made: dict[str, dict[str, bytes]] = {}


def once(
    sources: Mapping[str, str], make: Callable[[], dict[str, bytes]], *, kind: str
) -> dict[str, bytes]:
    """Return make(), {name: content}, or what it returned earlier for the same `sources`.

    `kind` tells what make() does with the sources, for example "firmware".
    """
    text = json.dumps([kind, [*sources.items()]])
    name = hashlib.sha256(text.encode()).hexdigest()
    if name not in _made:
        folder = os.environ.get(FOLDER)
        _made[name] = _from_folder(Path(folder) / name, make) if folder else make()
    return dict(_made[name])


def _from_folder(path: Path, make: Callable[[], dict[str, bytes]]) -> dict[str, bytes]:
    # Windows has no fcntl; the tests that share a folder do not run there.
    import fcntl

    with path.with_suffix(".lock").open("w") as lock:
        # Who comes while another process builds the same waits for it. The end of a process, and
        # of this block, frees the lock.
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _found_or_made(path, make)


def _found_or_made(path: Path, make: Callable[[], dict[str, bytes]]) -> dict[str, bytes]:
    if path.exists():
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    made = make()
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in made.items():
            archive.writestr(name, content)
    # A process may be killed at any time, so the file appears complete.
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as part:
        part.write(file.getvalue())
    Path(part.name).replace(path)
    return made
