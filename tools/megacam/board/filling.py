"""Fill the slot that does not run with the files of a plan; part of deploy.py.

A deploy that was cut off is continued: what the slot has already is not sent again.
"""

import contextlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from megacam.board import files, slots
from megacam.board.device import Device, DeviceError, RemoteError
from megacam.board.tree import MANIFEST

if TYPE_CHECKING:
    from megacam.board.deploy import Plan

_FOLDER_BYTES = 2 * files.BLOCK_BYTES
# Space besides the files and folders: blocks that littlefs rewrites.
_SPARE_BYTES = 4 * files.BLOCK_BYTES


class DamagedError(DeviceError):
    """A file on the board differs from what was sent."""


def damaged(path: str) -> DamagedError:
    """Return the error for the file `path`."""
    return DamagedError(
        f"{path} differs from what was sent; check cable and supply, and deploy again "
        "(the board still has its old files)"
    )


def make_room(board: Device, plan: "Plan") -> None:
    """Remove the slot that could not be filled, unless it is whole: photos need the space."""
    with contextlib.suppress(RemoteError):
        if MANIFEST not in files.listing(board, plan.new.folder):
            files.remove_tree(board, plan.new.folder)


class Filling:
    """Fills the slot `plan.new`: what `advance` and `on_step` get, see deploy.make()."""

    def __init__(
        self, board: Device, plan: "Plan", advance: files.Advance, on_step: files.Step
    ) -> None:
        self._board = board
        self._plan = plan
        self._advance = advance
        self._on_step = on_step
        self._folder = plan.new.folder

    def fill(self) -> None:
        """Give the slot all files of the plan, verified, and the manifest as the last."""
        plan, there = self._plan, files.paths(self._board, self._folder)
        wrong = self._wrong([path for path in plan.digests if path in there])
        left = [path for path in plan.digests if path in wrong or path not in there]
        gone = [path for path in there if path not in plan.digests]
        for path in plan.send:
            if path in plan.digests and path not in left:
                self._advance(plan.bytes_of(path))
        if not left and not gone:
            return
        self._check_space(sum(_room(there[path]) for path in {*gone, *wrong}), left)
        if plan.new.slot in plan.now.worked:  # first: it would be gone back to after crashes
            slots.write(self._board, plan.now.alone())
        for path in (MANIFEST, *gone):  # not whole any more
            files.remove_tree(self._board, self._path(path), self._remove_step)
        files.make_folders(self._board, map(self._path, left))
        self._put([path for path in left if path != MANIFEST])
        self._put([MANIFEST])

    def _path(self, path: str) -> str:
        return f"{self._folder}/{path}"

    def _remove_step(self, path: str) -> None:
        self._on_step(f"removing {path}")

    def _verified(self, path: str) -> None:
        self._on_step(f"verifying {path.removeprefix(self._folder + '/')}")

    def _wrong(self, paths: list[str]) -> list[str]:
        """Return those of `paths` that the slot has not, or with other content."""
        found = files.hashes(self._board, map(self._path, paths), self._verified)
        return [path for path in paths if found.get(self._path(path)) != self._plan.digests[path]]

    def _check_space(self, freed_bytes: int, left: list[str]) -> None:
        plan = self._plan
        sizes = {path: len(content) for path, content in plan.send.items()} | plan.kept
        folders = {folder for path in left for folder in PurePosixPath(path).parents}
        needed = sum(_room(sizes[path]) for path in left) + _SPARE_BYTES
        needed += len(folders) * _FOLDER_BYTES
        free = files.free_bytes(self._board) + freed_bytes
        if needed > free:
            text = f"{needed // 1024} KB are needed and {free // 1024} KB are free"
            raise files.no_space(f": {text}")

    def _put(self, paths: list[str]) -> None:
        """Write these files and verify them; raises DamagedError."""
        for path in paths:
            self._write(path)
        for path in self._wrong(paths):
            if path not in self._plan.copy:
                raise damaged(path)
            # Complete: the blocks on the board were damaged.
            files.write(self._board, self._path(path), self._plan.send[path])
            if self._wrong([path]):
                raise damaged(path)

    def _write(self, path: str) -> None:
        plan, old = self._plan, f"{self._plan.now.folder}/{path}"

        def on_block(number: str) -> None:
            self._on_step(f"copying {path}, block {number}")

        if path in plan.kept:
            files.copy(self._board, old, self._path(path), plan.kept[path], on_block)
            return
        files.write(
            self._board,
            self._path(path),
            plan.send[path],
            self._advance,
            old=old,
            same=plan.copy.get(path, ()),
            on_step=on_block,
        )


def _room(size_bytes: int) -> int:
    """Return how many bytes of the flash a file takes, in complete blocks."""
    return -(-size_bytes // files.BLOCK_BYTES) * files.BLOCK_BYTES
