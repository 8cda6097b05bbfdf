"""Deploy the firmware to a board: into the slot that does not run, which then runs, or not at all.

    wanted = deploy.tree(config, roots)
    plan = deploy.plan(board, wanted)
    deploy.make(board, plan)

The board copies the files that stay as they are from the slot that runs; of a large file, such as
lib/overlay.bin, only the blocks that changed are sent. All files are verified. Then one number in
NVS is changed, see slots.py: before that the board starts with the old files, after it with the
new ones. If the old ones have worked, the new ones are on trial.

The board names each file that it has read or removed: `on_step` gets the name, and the host waits
as long as they come.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from megacam import roots, settings
from megacam.board import files, filling, mip, older, slots
from megacam.board import tree as device_tree
from megacam.board.device import Device, RemoteError
from megacam.board.slots import Slots
from megacam.errors import MegacamError

MANIFEST = device_tree.MANIFEST
#: The on-demand modules; the other modules hold their places in it as numbers.
ARCHIVE = "lib/overlay.bin"
HMAC = ("lib/hmac.mpy", "lib/hmac.py")
# Larger files are compared block by block; that reads them once more.
_LARGE_BYTES = 16 * 1024


@dataclass(frozen=True)
class Plan:
    """What a deploy will do, compared with the slot that runs.

    `send` has the files that change, {path: content}; a path in a slot is without the slot. `copy`
    is {path: numbers of the blocks that the board has in its file}; these are not sent. `kept` is
    {path: bytes} of the files that the board copies as they are, `digests` {path: SHA-256} of all
    files of the new slot. `remove` are paths that the new slot lacks, `left` those at the top of
    the board that older versions have left. `now` is the slot that the board copies from.
    """

    version: str
    now: Slots
    send: dict[str, bytes]
    kept: dict[str, int]
    digests: dict[str, str]
    remove: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    copy: dict[str, frozenset[int]] = field(default_factory=dict)

    @property
    def same(self) -> int:
        """Return how many files stay as they are."""
        return len(self.kept)

    @property
    def changes_slot(self) -> bool:
        """Return whether the other slot is built; boot.py and main.py belong to neither."""
        is_first = not self.now.slot
        return is_first or bool(self.remove) or any(map(device_tree.is_of_slot, self.send))

    @property
    def new(self) -> Slots:
        """Return the slots after the deploy."""
        return self.now.switched() if self.changes_slot else self.now

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
        return not (self.changes_slot or self.send or self.left)


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
        runs = slots.read(board)
        there = files.paths(board, runs.folder) if runs.slot else older.paths(board)
        all_wanted = {**wanted, **_hmac(board, there, hmac_folder, index)}
        _check_complete(all_wanted, there, files.listing(board, "/"))
        found = _compare(board, all_wanted, runs, there, on_step)
        base = runs.given_up()
        if found.changes_slot and base != runs:  # the slot on trial makes room
            there = files.paths(board, base.folder)
            found = _compare(board, all_wanted, base, there, on_step)
        return found


def _compare(
    board: Device,
    all_wanted: dict[str, bytes],
    now: Slots,
    there: Mapping[str, int],
    on_step: files.Step,
) -> Plan:
    wanted = with_manifest(all_wanted)
    stays = _staying(wanted, there)
    at = {path: now.folder + "/" + path for path in [*wanted, *stays]}
    at |= {path: f"/{path}" for path in wanted if not device_tree.is_of_slot(path)}
    hashes = files.hashes(board, at.values(), lambda path: on_step(f"comparing {path}"))
    digests = {path: files.sha256(content) for path, content in wanted.items()}
    send = {path: wanted[path] for path in wanted if hashes.get(at[path]) != digests[path]}
    if any(at[path] not in hashes for path in stays):
        raise RemoteError("OSError", "EIO")
    digests |= {path: hashes[at[path]] for path in stays}
    sizes = {**there, **{path: len(content) for path, content in wanted.items()}}
    return Plan(
        settings.firmware_version(),
        now,
        send,
        kept={path: sizes[path] for path in digests if path not in send},
        digests={path: digests[path] for path in digests if device_tree.is_of_slot(path)},
        # What is not wanted is not copied; older versions have other files, too, at the top.
        remove=[path for path in sorted(there) if now.slot and path not in digests],
        left=older.left(board, _of_library(board, all_wanted)),
        copy={
            path: frozenset(files.same_blocks(board, at[path], send[path]))
            for path in send
            if at[path] in hashes and len(send[path]) > _LARGE_BYTES
        },
    )


def _of_library(board: Device, wanted: Mapping[str, bytes]) -> set[str]:
    manifest = deployed(board, "") or {"files": {}}
    ours = {path for path in (*wanted, *manifest["files"]) if path.startswith("lib/")}
    return ours - {*HMAC}  # other programs of the user may need it


def _staying(wanted: Mapping[str, bytes], there: Collection[str]) -> list[str]:
    """Return the files that the board keeps if there are no new ones: settings, roots, hmac."""
    stays = [] if "config.json" in wanted else ["config.json"]
    stays += [] if any(path in wanted for path in HMAC) else HMAC
    if not any(path.startswith("roots/") for path in wanted):
        stays += [path for path in there if path.startswith("roots/")]
    return [path for path in stays if path in there]


def with_manifest(wanted: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return `wanted` plus the manifest that tells a later deploy what is in the slot."""
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


def _hmac(
    board: Device, there: Collection[str], folder: Path | None, index: str
) -> dict[str, bytes]:
    if folder:
        return mip.from_folder("hmac", folder)
    if any(path in there for path in HMAC):
        return {}
    found = board.exec(
        "try:\n import hmac\n print(1)\nexcept OSError:raise\nexcept Exception:print(0)"
    )
    return {} if found.strip() == "1" else mip.fetch("hmac", index)


def _check_complete(
    wanted: Mapping[str, bytes], there: Collection[str], top: Collection[str]
) -> None:
    if not any("config.json" in found for found in (wanted, there, top)):
        raise MegacamError(
            "the board has no settings and there is no config.json here; `megacam setup` makes "
            "one, or copy config.example.json to config.json and edit it, or name yours with "
            "--config"
        )
    if not any(path.startswith("roots/") for path in there):
        check_roots(wanted)


def check_roots(wanted: Mapping[str, bytes]) -> None:
    """Raise MegacamError if `wanted` has no root certificate."""
    if not any(path.startswith("roots/") for path in wanted):
        raise MegacamError(
            "the settings name a store of your own (s3.endpoint), but the board has no root "
            "certificate for it; name the file of its CA with --roots FILE"
        )


def deployed(board: Device, folder: str) -> dict[str, Any] | None:
    """Return the manifest of a slot, {"version", "files": {path: SHA-256}}, or None."""
    return parsed(files.read(board, f"{folder}/{MANIFEST}") or b"")


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
    raised while the board still starts with its old files.
    """
    try:
        with files.flash_errors(board):
            _make(board, plan, advance, on_step)
    except files.NoSpaceError:
        filling.make_room(board, plan)
        raise


def _make(board: Device, plan: Plan, advance: files.Advance, on_step: files.Step) -> None:
    if plan.changes_slot:
        if slots.read(board) != plan.now:  # the slot on trial makes room
            slots.write(board, plan.now)
        filling.Filling(board, plan, advance, on_step).fill()
        slots.write(board, plan.new, switches=True)
    # boot.py comes last: that of an older version runs the files at the top.
    for path in device_tree.TOP:
        if path in plan.send:
            if not files.replace(board, f"/{path}", plan.send[path]):
                raise filling.damaged(path)
            advance(len(plan.send[path]))
    for path in plan.left:
        files.remove_tree(board, f"/{path}", lambda path: on_step(f"clearing up {path}"))
