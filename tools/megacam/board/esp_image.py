"""Read an image for an ESP32's flash: bootloader, partition table, application.

See Espressif's ESP-IDF Programming Guide, "App Image Format" and "Partition Tables".
"""

import hashlib
import struct
from dataclasses import dataclass
from typing import Any

MAGIC = 0xE9
HEADER_BYTES = 24
TABLE_AT = 0x8000
TABLE_BYTES = 0xC00
_ENTRY = struct.Struct("<2sBBII16sI")
_ENTRY_MAGIC, _MD5_MAGIC = b"\xaa\x50", b"\xeb\xeb"
_APP, _FACTORY, _OTA_0 = 0x00, 0x00, 0x10
# esp_app_desc_t follows the headers of the image and of its first segment: magic word, 12 bytes,
# then the project's version and its name, 32 bytes each.
_DESCRIPTION = struct.Struct("<I12x32s32s")
_DESCRIPTION_AT = HEADER_BYTES + 8
_DESCRIPTION_MAGIC = 0xABCD5432


class BrokenError(Exception):
    """The image is damaged; the message completes "FILE is damaged (...)"."""


@dataclass(frozen=True)
class Partition:
    """One row of the partition table; `offset` is from the start of the flash."""

    kind: int
    subkind: int
    offset: int
    size_bytes: int
    label: str

    @property
    def starts(self) -> bool:
        """Return whether this is the application that runs at the first start."""
        return self.kind == _APP and self.subkind in (_FACTORY, _OTA_0)


def is_image(data: bytes) -> bool:
    """Return whether `data` begins like a bootloader or an application."""
    return len(data) >= HEADER_BYTES and data[0] == MAGIC


def chip_id(data: bytes) -> int:
    """Return the number of the chip in the extended header of an image."""
    return int.from_bytes(data[12:14], "little")


def project(data: bytes) -> str | None:
    """Return the project name in an application's description, or None if it has none."""
    found = data[_DESCRIPTION_AT : _DESCRIPTION_AT + _DESCRIPTION.size]
    if len(found) < _DESCRIPTION.size:
        return None
    magic, _, name = _DESCRIPTION.unpack(found)
    return _text(name) if magic == _DESCRIPTION_MAGIC else None


def partitions(table: bytes) -> list[Partition]:
    """Return the rows of a partition table, [] where there is none; raises BrokenError."""
    rows, is_summed = [], False
    for at in range(0, len(table) - _ENTRY.size + 1, _ENTRY.size):
        row = table[at : at + _ENTRY.size]
        if row[:2] == _MD5_MAGIC:
            is_summed = hashlib.md5(table[:at]).digest() == row[16:]
            break
        if row[:2] != _ENTRY_MAGIC:
            break
        _, kind, subkind, offset, size_bytes, label, _ = _ENTRY.unpack(row)
        rows.append(Partition(kind, subkind, offset, size_bytes, _text(label)))
    if rows and not is_summed:
        raise BrokenError("the checksum of its partition table is wrong")
    return rows


def check_sums(chip: str, data: bytes) -> None:
    """Raise BrokenError unless the checksums in `data`, a bootloader or application, are right."""
    from esptool.bin_image import LoadFirmwareImage
    from esptool.util import FatalError

    try:
        image: Any = LoadFirmwareImage(chip.lower().replace("-", ""), data)
    except FatalError as error:
        raise BrokenError(str(error).strip().rstrip(".")) from None
    except (OSError, ValueError, IndexError, TypeError, struct.error):
        raise BrokenError("it is incomplete") from None  # esptool does not check the length
    is_right = image.checksum == image.calculate_checksum()
    if image.append_digest:
        is_right = is_right and image.stored_digest == image.calc_digest
    if not is_right:
        raise BrokenError("its checksum is wrong")


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode(errors="replace")
