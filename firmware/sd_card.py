"""The SD card as a larger spool; to be called through rare.py at the start."""

import vfs
from machine import Pin, SDCard

from firmware.errors import SpoolError

_WHERE = "/sd"


def mount(card, camera_bus):
    """Mount the card of section "spool.sd"; return the folder of its spool. Raises SpoolError.

    `camera_bus` is the camera's SPI bus: the card has the other one. A card is taken as it comes,
    and what else lies on it is left alone.
    """
    try:
        # Slot 2 is SPI bus 2 and slot 3 is bus 1 (machine_sdcard.c).
        pins = {name: Pin(card[name]) for name in ("sck", "mosi", "miso", "cs")}
        vfs.mount(vfs.VfsFat(SDCard(slot=1 + camera_bus, **pins)), _WHERE)
    except OSError as e:
        raise SpoolError(
            f"spool: cannot use the SD card ({e}); format it with FAT32 on a computer and check "
            "its wiring and spool.sd"
        )
    return _WHERE + "/spool"
