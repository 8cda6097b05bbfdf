"""The SD card, where photos can wait as well as on the flash.

Its file system needs 4.3 KB in one block, which a fragmented heap does not have. So the block is
allocated at the start and kept, whether there is a working card or not.
"""

import gc

import vfs
from machine import Pin, SDCard

from firmware.errors import SpoolError
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_WHERE = "/sd"
_DEINIT = const(2)  # MP_BLOCKDEV_IOCTL_DEINIT: the next access initializes the card again
_ROOM_BYTES = const(4320)  # of a VfsFat object, most of it one sector of the largest size


class _Card:
    """A slot for an SD card: its `device`, and the spool's `folder` of at most `limit_bytes`.

    `photos` maps each spool's folder to its contents at its last use: (photos, KB).
    While the card is `absent`, photos wait on the flash, until spool/count.py finds a working
    card. `name` is the photo on the card that is being sent. `_room` reserves memory for the file
    system while none is mounted. The class has no methods: they would keep this module in memory.
    """

    absent = True
    name = _room = None


def slot(section, camera_bus):
    """Return a tuple with the card of the settings section "spool.sd", or an empty one.

    `camera_bus` is the camera's SPI bus; the card uses the other one.
    """
    try:
        # Slot 2 is SPI bus 2 and slot 3 is bus 1 (machine_sdcard.c).
        pins = {name: Pin(section[name]) for name in ("sck", "mosi", "miso", "cs")}
        card = _Card()
        card.device = SDCard(slot=1 + camera_bus, **pins)
    except Exception as e:  # whatever this is, photos must go on
        log("E spool on the flash", why=_refused(e))
        return ()
    card.folder = _WHERE + "/" + "spool"  # as one constant, MicroPython would intern it
    card.limit_bytes = section["limit_mb"] << 20
    card.photos = {}
    try:
        mount(card)
        card.absent = False
    except SpoolError as e:
        log("E spool on the flash", why=e)
    return (card,)


def mount(card):
    """Mount the card that is in the slot now instead of the old one; raises SpoolError.

    The card is never formatted, and other files on it are left alone.
    """
    try:
        vfs.umount(_WHERE)
    except OSError:
        pass  # none was mounted
    card._room = None
    gc.collect()
    try:
        card.device.ioctl(_DEINIT, 0)  # it may be another card, or have lost power
        vfs.mount(vfs.VfsFat(card.device), _WHERE)
        return
    except (OSError, MemoryError) as e:
        why = e
    gc.collect()
    card._room = bytearray(_ROOM_BYTES)
    raise SpoolError(_refused(why))


def _refused(why):
    if isinstance(why, MemoryError):
        return "spool: no memory for the SD card until the next start"
    from firmware.spool import words

    why = words.words(why)
    return (
        f"spool: cannot use the SD card ({why}); format it as FAT32 on a computer and check "
        "its wiring and spool.sd"
    )
