"""Images for an ESP32's flash in the format that Espressif documents, valid and broken ones."""

import hashlib
import struct
from pathlib import Path

BANNER = b"MicroPython v%s on 2024-10-25; Generic ESP32 module with ESP32\0"
NVS = (1, 2, 0x9000, 0x6000, b"nvs")
FACTORY = (0, 0, 0x10000, 0x1F0000, b"factory")
VFS = (1, 0x81, 0x200000, 0x200000, b"vfs")
ROWS = (NVS, FACTORY, VFS)


def part(content, chip=0, checksum_off=0, digest_off=0):
    """Return a bootloader or application of one segment, with checksum at 16 n - 1 and SHA-256."""
    body = content + b"\0" * (-len(content) % 4)
    header = bytes([0xE9, 1, 2, 0x20]) + (0x40080000).to_bytes(4, "little")
    extended = bytes([0xEE, 0, 0, 0]) + chip.to_bytes(2, "little") + bytes(9) + b"\x01"
    segment = (0x3FFB0000).to_bytes(4, "little") + len(body).to_bytes(4, "little") + body
    data = header + extended + segment
    checksum = 0xEF
    for byte in body:
        checksum ^= byte
    data += b"\0" * (15 - len(data) % 16) + bytes([checksum ^ checksum_off])
    digest = bytearray(hashlib.sha256(data).digest())
    digest[0] ^= digest_off
    return data + digest


def application(version=b"1.24.0", chip=0, project=b"micropython", banner=BANNER, **off):
    """Return a MicroPython application with an esp_app_desc_t, and its banner somewhere inside."""
    description = struct.pack("<II8x32s32s176x", 0xABCD5432, 0, version, project)
    return part(description + banner.replace(b"%s", version) + bytes(range(256)) * 4, chip, **off)


def table(rows=ROWS, md5_off=0):
    """Return a partition table with its MD5."""
    data = b"".join(
        b"\xaa\x50" + struct.pack("<BBII16sI", kind, subkind, offset, size, label, 0)
        for kind, subkind, offset, size, label in rows
    )
    digest = bytearray(hashlib.md5(data).digest())
    digest[0] ^= md5_off
    data += b"\xeb\xeb" + b"\xff" * 14 + digest
    return data + b"\xff" * (0xC00 - len(data))


def whole(bootloader=None, partitions=None, app=None, chip=0):
    """Return an image as on micropython.org: it begins at the address of the chip's bootloader."""
    first = 0x1000 if chip in (0, 2) else 0
    data = part(b"bootloader" * 20, chip) if bootloader is None else bootloader
    data = data.ljust(0x8000 - first, b"\xff") + (table() if partitions is None else partitions)
    return data.ljust(0x10000 - first, b"\xff") + (application(chip=chip) if app is None else app)


def write_image(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path
