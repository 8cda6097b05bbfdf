"""The files of both slots: copy, hash and remove them; loaded while a release is put together."""

import hashlib
import os
from binascii import hexlify

from firmware import slot

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_PIECE_BYTES = const(512)  # littlefs reads so much past its cache
_FOLDER = const(0x4000)
_ENOENT = const(2)


def idle():
    """Return the folder of the slot that does not run; slot_clear.clear() before a change."""
    return "/a" if slot == "/b" else "/b"


def size(path):
    """Return the bytes of the file `path`, -1 if there is none, -2 for a folder."""
    try:
        found = os.stat(path)
    except OSError:
        return -1
    return -2 if found[0] & _FOLDER else found[6]


def digest(path):
    """Return the SHA-256 of the file `path` in hex; raises OSError."""
    hashed = hashlib.sha256()
    piece = bytearray(_PIECE_BYTES)
    view = memoryview(piece)
    with open(path, "rb") as f:
        while True:
            count = f.readinto(piece)
            if not count:
                return hexlify(hashed.digest()).decode()
            hashed.update(view[:count])


def make(path):
    """Make the folders above the file `path`."""
    at = path.find("/", 1)
    while at > 0:
        try:
            os.mkdir(path[:at])
        except OSError as e:
            if size(path[:at]) != -2:
                raise e
        at = path.find("/", at + 1)


def is_same(source, target):
    """Return whether both files, or both folders with all that is in them, are equal."""
    if size(source) != size(target):
        return False
    if size(source) != -2:
        return size(source) < 0 or digest(source) == digest(target)
    there = os.listdir(source)
    return sorted(there) == sorted(os.listdir(target)) and all(
        is_same(f"{source}/{name}", f"{target}/{name}") for name in there
    )


def copy(source, target, feed):
    """Make `target` equal to `source`, a file or folder with all that is in it; raises OSError.

    What is not there is not there afterwards either. A file appears whole, by a rename. `feed()`
    feeds the watchdog.
    """
    feed()
    if size(source) == -1:
        remove(target)
        return
    if size(source) == -2:
        there = os.listdir(source)
        for name in there:
            copy(f"{source}/{name}", f"{target}/{name}", feed)
        if size(target) == -2:
            for name in os.listdir(target):
                if name not in there:
                    remove(f"{target}/{name}")
        return
    if is_same(source, target):
        return
    make(target)
    piece = bytearray(_PIECE_BYTES)
    view = memoryview(piece)
    with open(source, "rb") as old, open(target + ".part", "wb") as new:
        while True:
            count = old.readinto(piece)
            if not count:
                break
            new.write(view[:count])
            feed()
    replace(target)


def replace(target):
    """Let `target` be what was written to `target`.part."""
    if size(target) == -2:
        remove(target)
    os.rename(target + ".part", target)


def remove(path):
    """Remove the file or folder `path` if it is there."""
    if size(path) == -2:
        for name in os.listdir(path):
            remove(f"{path}/{name}")
        os.rmdir(path)
    else:
        try:
            os.remove(path)
        except OSError as e:
            if e.errno != _ENOENT:
                raise


def keep(folder, place, below=""):
    """Remove what is in `folder` and not wanted.

    `place(path)`, with a path below the folder, is 2 for what is wanted with all that is in it, 1
    for a folder with something in it that is wanted, 0 for the rest.
    """
    for name in os.listdir(f"{folder}/{below}"):
        path = below + name
        found = place(path)
        if found == 1:
            keep(folder, place, path + "/")
        elif not found:
            remove(f"{folder}/{path}")
