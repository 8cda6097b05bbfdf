"""Deploy the firmware to a board: either completely or not at all.

    wanted = deploy.tree(config, roots)
    plan = deploy.plan(board, wanted)
    deploy.make(board, plan)

Changed files are written to /new, next to the old files, and verified there. Renaming /new to
/switch commits the deploy: before it the board starts with the old files, after it with the new
ones. If the switch is interrupted, boot.py finishes it (/switch/finish.py) before it starts
anything else.

The board names each file that it has read, moved or removed: `on_step` gets the name, and the host
waits as long as they come. Of a large file, such as lib/overlay.bin, only the blocks that changed
are sent; the board copies the others from the file that it has.
"""

import contextlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from megacam import roots, settings
from megacam.board import files, mip
from megacam.board import tree as device_tree
from megacam.board.device import Device, DeviceError, RemoteError
from megacam.errors import MegacamError

MANIFEST = "deployed.json"
#: The on-demand modules; the other modules hold their places in it as numbers.
ARCHIVE = "lib/overlay.bin"
# Every file in these folders is ours; in lib/, only the files that the manifest lists.
_OURS = ("firmware", "roots")
HMAC = ("lib/hmac.mpy", "lib/hmac.py")
# Larger files are compared block by block; that reads them once more.
_LARGE_BYTES = 16 * 1024
# Space besides the files: folders, the directory blocks that littlefs rewrites, finish.py.
_SPARE_BYTES = 8 * files.BLOCK_BYTES
_FINISH = '''\
"""Finish a switch to new files; may be cut off and run again at any point."""

import os

# The host waits for each step; at a start nobody does.
said = globals().get("said", len)


def finish():
    for path in {moves!r}:
        try:
            os.rename("/switch/" + path, "/" + path)
        except OSError as e:
            if e.errno != 2:  # ENOENT: moved before
                raise
        said(path)
    for path in {removals!r}:
        try:
            os.remove("/" + path)
        except OSError:
            pass  # it is gone, or not worth keeping the board from its start
        said(path)
    os.rename("/switch", "/switched")
    said("/switched")


finish()
del finish, said
'''
# As in boot.py: this rename reveals what littlefs hides after a power cut.
_RUN_FINISH = """
import os
def said(p):print('=',p)
os.rename('/switch','/switch')
said('finish.py')
with open('/switch/finish.py') as f:
 exec(f.read())
"""
# The staged files can be reused; finish.py is written again.
_TAKE_BACK = "import os\nos.rename('/switch','/new')"


class UnfinishedError(DeviceError):
    """An interrupted switch cannot be finished; the next deploy repairs it."""


class DamagedError(DeviceError):
    """A file on the board differs from what was sent."""


@dataclass(frozen=True)
class Plan:
    """What a deploy will do: files to send, paths to remove, how many files stay unchanged.

    `copy` is {path: numbers of the blocks that the board has in its file}; these are not sent.
    """

    version: str
    send: dict[str, bytes]
    remove: list[str]
    same: int
    copy: dict[str, frozenset[int]] = field(default_factory=dict)

    def bytes_of(self, path: str) -> int:
        """Return how many bytes of the file `path` are sent."""
        parts = files.blocks(self.send[path])
        there = self.copy.get(path, ())
        return sum(len(part) for number, part in enumerate(parts) if number not in there)

    @property
    def size_bytes(self) -> int:
        """Return the number of bytes to send."""
        return sum(map(self.bytes_of, self.send))

    @property
    def is_empty(self) -> bool:
        """Return whether the board is already up to date."""
        return not self.send and not self.remove


def tree(config: dict[str, Any] | None, ca_file: Path | None = None) -> dict[str, bytes]:
    """Return the wanted files: firmware, roots and, if given, config.json without its secrets.

    `config` is the parsed config.json; with None the board keeps its own. `ca_file` holds the
    root certificates for a store other than AWS; without it, the board keeps the ones it has for
    such a store.
    """
    wanted = device_tree.build()
    endpoint = ""
    if config is not None:
        wanted["config.json"], _ = settings.check(config)
        endpoint = json.loads(wanted["config.json"])["s3"]["endpoint"]
    if ca_file:
        wanted |= _root_files(roots.from_file(ca_file))
    elif not endpoint or settings.is_aws(endpoint):
        wanted |= _root_files(roots.amazon())
    return wanted


def _root_files(certificates: list[bytes]) -> dict[str, bytes]:
    named = [(roots.describe(der)[0], der) for der in certificates]
    return {f"roots/{re.sub('[^a-z0-9]+', '-', name.lower())}.der": der for name, der in named}


def complete(board: Device, on_step: files.Step = files.no_step) -> bool:
    """Finish an interrupted switch; return whether there was one. Raises UnfinishedError."""
    there = files.listing(board, "/")
    if "switched" in there:
        files.remove_tree(board, "/switched")
    if "switch" not in there:
        return False
    try:
        _switch(board, on_step)
    except RemoteError as error:
        raise UnfinishedError(
            f"a deploy was interrupted and cannot be finished ({error.reason}), so the board may "
            "have files of two versions; run `megacam deploy` to repair it"
        ) from None
    return True


def _switch(board: Device, on_step: files.Step) -> None:
    files.ask(board, _RUN_FINISH, lambda path: on_step(f"switching {path}"))
    files.remove_tree(board, "/switched", on_step=lambda path: on_step("clearing up"))


def plan(
    board: Device,
    wanted: Mapping[str, bytes],
    hmac_folder: Path | None = None,
    index: str = mip.INDEX,
    on_step: files.Step = files.no_step,
) -> Plan:
    """Compare the board with `wanted` and return what must change; changes nothing.

    micropython-lib's hmac comes from `hmac_folder` if given. Otherwise the board keeps its own,
    or if it has none, hmac is fetched from `index`. Raises PackageError, FlashError, and
    MegacamError if the board would lack settings or roots.
    """
    with files.flash_errors(board):
        return _compare(board, {**wanted, **_hmac(board, hmac_folder, index)}, on_step)


def _compare(board: Device, all_wanted: dict[str, bytes], on_step: files.Step) -> Plan:
    there = {folder: files.listing(board, f"/{folder}", "files") for folder in (*_OURS, "lib")}
    _check_complete(all_wanted, there, files.listing(board, "/"))
    digests = {path: files.sha256(content) for path, content in all_wanted.items()}
    found = files.hashes(board, digests, lambda path: on_step(f"comparing {path}"))
    remove = _obsolete(board, all_wanted, there)
    send = {path: all_wanted[path] for path in digests if found.get(path) != digests[path]}
    kept = len(all_wanted) - len(send)
    manifest = with_manifest(all_wanted)[MANIFEST]
    if files.hashes(board, [MANIFEST]).get(MANIFEST) != files.sha256(manifest):
        send[MANIFEST] = manifest
    copy = {
        path: frozenset(files.same_blocks(board, path, send[path]))
        for path in send
        if path in found and len(send[path]) > _LARGE_BYTES
    }
    return Plan(settings.firmware_version(), send, remove, kept, copy)


def with_manifest(wanted: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return `wanted` plus the manifest that tells a later deploy what is on the board."""
    # hmac may be the board's own, so the manifest omits it: no deploy replaces or removes it.
    ours = {path: files.sha256(wanted[path]) for path in wanted if path not in HMAC}
    manifest = {"version": settings.firmware_version(), "files": ours}
    return {**wanted, MANIFEST: json.dumps(manifest, sort_keys=True).encode()}


def is_of_one_build(found: Mapping[str, str], build: Mapping[str, str]) -> bool:
    """Return whether the archive and all compiled modules in `found` are those of `build`.

    Both are {path: SHA-256}. If they are not, the modules may load others than they mean.
    """
    return ARCHIVE in build and all(
        found.get(path) == digest
        for path, digest in build.items()
        if path == ARCHIVE or path.endswith(".mpy")
    )


def _hmac(board: Device, folder: Path | None, index: str) -> dict[str, bytes]:
    if folder:
        return mip.from_folder("hmac", folder)
    there = board.exec(
        "try:\n import hmac\n print(1)\nexcept OSError:raise\nexcept Exception:print(0)"
    )
    return {} if there.strip() == "1" else mip.fetch("hmac", index)


def _check_complete(
    wanted: Mapping[str, bytes], there: dict[str, list[str]], top: list[str]
) -> None:
    if "config.json" not in wanted and "config.json" not in top:
        raise MegacamError(
            "the board has no settings and there is no config.json here; `megacam setup` makes "
            "one, or copy config.example.json to config.json and edit it, or name yours with "
            "--config"
        )
    if not there["roots"]:
        check_roots(wanted)


def check_roots(wanted: Mapping[str, bytes]) -> None:
    """Raise MegacamError if `wanted` has no root certificate."""
    if not any(path.startswith("roots/") for path in wanted):
        raise MegacamError(
            "the settings name a store of your own (s3.endpoint), but the board has no root "
            "certificate for it; name the file of its CA with --roots FILE"
        )


def _obsolete(
    board: Device, wanted: Mapping[str, bytes], there: dict[str, list[str]]
) -> list[str]:
    ours = {path for path in _deployed(board) if path.partition("/")[0] not in _OURS}
    gone = {path for path in ours if path not in wanted} - {"config.json"}
    for folder in _OURS:
        if any(path.startswith(f"{folder}/") for path in wanted):
            paths = {f"{folder}/{name}" for name in there[folder]}
            gone |= {path for path in paths if path not in wanted}
    # MicroPython would load the source instead of the compiled module.
    twins = {f"lib/{name}" for name in there["lib"] if name.endswith(".py")}
    return sorted(gone | {path for path in twins if f"{path[:-3]}.mpy" in wanted})


def _deployed(board: Device) -> list[str]:
    return list((deployed(board) or {"files": ()})["files"])


def deployed(board: Device) -> dict[str, Any] | None:
    """Return the manifest on the board, {"version", "files": {path: SHA-256}}, or None."""
    return parsed(files.read(board, f"/{MANIFEST}") or b"")


def parsed(manifest: bytes) -> dict[str, Any] | None:
    """Parse the content of a manifest; return the same as deployed()."""
    try:
        found = json.loads(manifest)
        return {"version": str(found["version"]), "files": dict(found["files"])}
    except (ValueError, TypeError, LookupError):
        return None


def make(
    board: Device,
    plan: Plan,
    advance: files.Advance = files.no_bytes,
    on_step: files.Step = files.no_step,
) -> None:
    """Carry out `plan`; `advance` gets the number of bytes sent, `on_step` what the board does.

    You must reset the board to run the new files. NoSpaceError, FlashError and DamagedError are
    raised before the deploy is committed.
    """
    try:
        with files.flash_errors(board):
            _take_back(board)
            if plan.is_empty:
                files.remove_tree(board, "/new")
                return
            _stage(board, plan, advance, on_step)
            board.exec("import os\nos.rename('/new','/switch')")
            _switch(board, on_step)
    except files.NoSpaceError:
        with contextlib.suppress(RemoteError):
            files.remove_tree(board, "/new")  # photos need the space
        raise


def _take_back(board: Device) -> None:
    # A switch that complete() could not finish.
    if "switch" in files.listing(board, "/"):
        files.remove_tree(board, "/new")
        board.exec(_TAKE_BACK)


def _stage(board: Device, plan: Plan, advance: files.Advance, on_step: files.Step) -> None:
    staged = {f"/new/{path}": content for path, content in plan.send.items()}
    staged["/new/finish.py"] = _finish(plan).encode()
    left = _not_yet_there(board, staged)
    advance(sum(plan.bytes_of(path) for path in plan.send if f"/new/{path}" not in left))
    files.make_folders(board, [*staged, *(f"/{path}" for path in plan.send)])
    for path, content in left.items():
        # finish.py is not part of the plan, so it does not count for the progress bar.
        _write(board, plan, path[5:], content, advance, on_step)
    for path in _wrong(board, left, on_step):
        if path[5:] not in plan.copy:
            raise _damaged(path)
        files.write(board, path, left[path])  # complete: the blocks on the board were damaged
        if _wrong(board, {path: left[path]}, on_step):
            raise _damaged(path)


def _write(
    board: Device,
    plan: Plan,
    path: str,
    content: bytes,
    advance: files.Advance,
    on_step: files.Step,
) -> None:
    files.write(
        board,
        f"/new/{path}",
        content,
        advance if path in plan.send else files.no_bytes,
        old=f"/{path}",
        same=plan.copy.get(path, ()),
        on_step=lambda block: on_step(f"copying {path}, block {block}"),
    )


def _wrong(board: Device, staged: Mapping[str, bytes], on_step: files.Step) -> list[str]:
    """Return the files of `staged` {path: content} that the board does not have like that."""
    found = files.hashes(board, staged, lambda path: on_step(f"verifying {path[5:]}"))
    return [path for path in staged if found.get(path) != files.sha256(staged[path])]


def _damaged(path: str) -> DamagedError:
    return DamagedError(
        f"{path} differs from what was sent; check cable and supply, and deploy again "
        "(the board still has its old files)"
    )


def _finish(plan: Plan) -> str:
    # boot.py comes first, so that even the very first deploy can be finished; the manifest last.
    moves = sorted(plan.send, key=lambda path: (path == MANIFEST, path != "boot.py", path))
    return _FINISH.format(moves=moves, removals=plan.remove)


def _not_yet_there(board: Device, staged: dict[str, bytes]) -> dict[str, bytes]:
    # An interrupted deploy continues where it stopped if the same files are wanted.
    is_cut = "new" in files.listing(board, "/")
    wrong = _wrong(board, staged, files.no_step) if is_cut else [*staged]
    left = {path: staged[path] for path in wrong}
    needed = files.needed_bytes(left.values()) + _SPARE_BYTES
    free = files.free_bytes(board)
    if needed > free:
        files.remove_tree(board, "/new")
        free = files.free_bytes(board)
        left, needed = staged, files.needed_bytes(staged.values()) + _SPARE_BYTES
        if needed > free:
            sizes = f"{needed // 1024} KB are needed and {free // 1024} KB are free"
            raise files.no_space(f": {sizes}")
    return left
