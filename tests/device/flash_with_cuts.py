"""A chip in RAM that can lose power or fail at any single operation.

It is flash with littlefs or an SD card with FAT. Runs on MicroPython only. Like the ESP32's flash,
it returns -EIO if an access fails.
"""

import os
from hashlib import sha256

import vfs

FLASH = 4096
CARD = 512
_EIO = -5
# After so many cuts, a state that has been met is tried again.
_AGAIN = 11


class Flash:
    """A block device (extended protocol) on `image`, a bytearray that it changes in place.

    A block has `block` bytes: FLASH or CARD. At the write or erase number `cut_at`, counted from
    1, the power is lost. With `torn`, the first half of that operation is done. After it, nothing
    is. At the access number `fail_at`, including reads, the chip fails once.
    """

    def __init__(self, image, block=FLASH):
        self.image = image
        self.block = block
        self.changes = self.accesses = 0
        self.arm()

    def arm(self, cut_at=0, torn=False, fail_at=0):
        """Set the faults and start counting operations from 0."""
        self.changes = self.accesses = 0
        self.cut_at, self.torn = cut_at, torn
        self.fail_at = fail_at
        self.is_off = False

    def _fails(self):
        self.accesses += 1
        return self.is_off or self.accesses == self.fail_at

    def _change(self, start, data):
        if self._fails():
            return _EIO
        self.changes += 1
        if self.changes == self.cut_at:
            self.is_off = True
            if not self.torn:
                return _EIO
            data = data[: len(data) // 2]
        self.image[start : start + len(data)] = bytes(data)
        return _EIO if self.is_off else 0

    def readblocks(self, block, buf, offset=0):
        if self._fails():
            return _EIO
        start = block * self.block + offset
        buf[:] = memoryview(self.image)[start : start + len(buf)]
        return 0

    def writeblocks(self, block, buf, offset=0):
        return self._change(block * self.block + offset, buf)

    def ioctl(self, op, arg):
        if op == 4:
            return len(self.image) // self.block
        if op == 5:
            return self.block
        if op == 6:
            return self._change(arg * self.block, b"\xff" * self.block)
        return 0


class Met:
    """The states that cuts have left: all that a program sees after a power cut.

    Of five writes to the flash, four change none: they are of files that are not closed yet.
    """

    def __init__(self):
        self._states = set()
        self._count = 0

    def is_new(self, *dicts):
        """Return whether the state has not been met; True also for some that have been."""
        state = sha256(repr([sorted(one.items()) for one in dicts]).encode()).digest()
        is_new = state not in self._states
        self._states.add(state)
        self._count += 1
        return is_new or self._count % _AGAIN == 0


def new_image(size_bytes, block=FLASH):
    """Return a freshly formatted image."""
    image = bytearray(size_bytes)
    _file_system(block).mkfs(Flash(image, block))
    return image


def _file_system(block):
    return vfs.VfsLfs2 if block == FLASH else vfs.VfsFat


def where(block):
    """Return the folder at which mount() mounts a chip with that block size."""
    return "/flash" if block == FLASH else "/sd"


def mount(flash):
    """Mount the file system on `flash`; a chip that was mounted there is unmounted."""
    unmount(flash.block)
    vfs.mount(_file_system(flash.block)(flash), where(flash.block))


def unmount(block):
    try:
        vfs.umount(where(block))
    except OSError:
        pass


def tree(folder, without=()):
    """Return {path below `folder`: content} of all files, but not those in `without`."""
    found = {}
    for entry in os.ilistdir(folder):
        if entry[0] in without:
            continue
        path = f"{folder}/{entry[0]}"
        if entry[1] == 0x4000:
            for name, content in tree(path).items():
                found[f"{entry[0]}/{name}"] = content
        else:
            with open(path, "rb") as file:
                found[entry[0]] = file.read()
    return found
