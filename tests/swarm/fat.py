"""An SD card's file system, as far as the swarm needs it: an empty FAT12, and what is on it.

Written from Microsoft's "FAT: General Overview of On-Disk Format"; the board uses FatFs.
"""

import hashlib
import re
import struct
from collections.abc import Iterator

from megacam import exif

_SECTOR = 512
_ROOT_ENTRIES = 512
_BOOT = struct.Struct("<3s8sHBHBHHBHHHII")
_ENTRY = struct.Struct("<11sB14xHI")
_LONG_NAME, _DIRECTORY, _DELETED, _END = 0x0F, 0x10, 0xE5, 0
_LAST_CLUSTER = 0xFF8


def empty(size: int) -> bytes:
    """Return a card of `size` bytes without files; one cluster is one sector."""
    sectors = size // _SECTOR
    table = -(-(sectors * 3 // 2) // _SECTOR)
    boot = _BOOT.pack(
        b"\xeb\x3c\x90", b"SWARM   ",
        _SECTOR, 1, 1, 1, _ROOT_ENTRIES, sectors, 0xF8, table, 1, 1, 0, 0,
    )  # fmt: skip
    boot += b"\x80\x00\x29" + b"swrm" + b"SWARM      " + b"FAT12   "
    image = bytearray(size)
    image[: len(boot)] = boot
    image[510:512] = b"\x55\xaa"
    image[_SECTOR : _SECTOR + 3] = b"\xf8\xff\xff"
    return bytes(image)


def files(image: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield (path, content) of each file."""
    fields = _BOOT.unpack_from(image)
    reserved, tables, entries, table = fields[4], fields[5], fields[6], fields[9]
    if fields[2] != _SECTOR:
        return
    root = (reserved + tables * table) * _SECTOR
    data = root + entries * 32
    fat = image[reserved * _SECTOR : (reserved + table) * _SECTOR]

    def _content(cluster: int) -> bytes:
        parts = []
        while 2 <= cluster < _LAST_CLUSTER and len(parts) * _SECTOR < len(image):
            at = data + (cluster - 2) * _SECTOR
            parts.append(image[at : at + _SECTOR])
            pair = struct.unpack_from("<H", fat, cluster * 3 // 2)[0]
            cluster = pair >> 4 if cluster & 1 else pair & 0xFFF
        return b"".join(parts)

    def _walk(folder: bytes, path: str) -> Iterator[tuple[str, bytes]]:
        for name, attributes, cluster, size in _entries(folder):
            if attributes & _DIRECTORY:
                if name not in (".", ".."):
                    yield from _walk(_content(cluster), f"{path}{name}/")
            else:
                yield path + name, _content(cluster)[:size]

    yield from _walk(image[root:data], "")


def _entries(folder: bytes) -> Iterator[tuple[str, int, int, int]]:
    long = ""
    for at in range(0, len(folder), 32):
        entry = folder[at : at + 32]
        if entry[0] == _END:
            return
        if entry[0] == _DELETED:
            long = ""
        elif entry[11] == _LONG_NAME:
            part = entry[1:11] + entry[14:26] + entry[28:32]
            long = part.decode("utf-16-le").partition("\0")[0] + long
        else:
            short, attributes, cluster, size = _ENTRY.unpack(entry)
            stem, suffix = short[:8].decode("latin-1"), short[8:].decode("latin-1")
            name = long or ".".join(filter(None, (stem.strip(), suffix.strip())))
            yield name, attributes, cluster, size
            long = ""


def waiting(image: bytes) -> set[str]:
    """Return the SHA-256 of each photo in the card's spool."""
    found = set()
    for name, content in files(image):
        if re.fullmatch(r"spool/(damaged-)?\d+-\d+", name.lower()) and len(content) > 16:
            size = struct.unpack("<I", content[-16:-12])[0]
            found.add(hashlib.sha256(exif.split(content[:size])[1]).hexdigest())
    return found
