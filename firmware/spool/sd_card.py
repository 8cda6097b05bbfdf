"""The SD card, where photos wait beside the flash.

Its file system takes 4.3 KB in one piece, which an old heap has not. So the piece is taken at the
start and kept, whether there is a card that works or not.
"""

import gc

import vfs
from machine import Pin, SDCard

from firmware.errors import SpoolError
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_WHERE = "/sd"
_DEINIT = const(2)  # MP_BLOCKDEV_IOCTL_DEINIT: the next access sets the card up anew
_ROOM_BYTES = const(4320)  # of VfsFat, most of it a sector of the largest size


class _Card:
    """A slot for an SD card: its `device`, and the spool's `folder` of at most `limit_bytes`.

    `photos` has what waited in the folder of each spool when it was last used: (photos, KB).
    While the card is `absent` photos wait on the flash, until spool/count.py finds it good again.
    `name` is that of the photo on it that is on its way. `_room` is kept for the file system
    while none is mounted. No methods: they would keep this module in memory.
    """

    absent = True
    name = _room = None


def slot(section, camera_bus):
    """Return a tuple with the card of section "spool.sd", or an empty one.

    `camera_bus` is the camera's SPI bus: the card has the other one.
    """
    try:
        # Slot 2 is SPI bus 2 and slot 3 is bus 1 (machine_sdcard.c).
        pins = {name: Pin(section[name]) for name in ("sck", "mosi", "miso", "cs")}
        card = _Card()
        card.device = SDCard(slot=1 + camera_bus, **pins)
    except Exception as e:  # whatever this is, photos must go on
        log("E spool on the flash", why=_refused(e))
        return ()
    card.folder = _WHERE + "/" + "spool"  # in one it would be a name for MicroPython to keep
    card.limit_bytes = section["limit_mb"] << 20
    card.photos = {}
    try:
        mount(card)
        card.absent = False
    except SpoolError as e:
        log("E spool on the flash", why=e)
    return (card,)


def mount(card):
    """Mount the card that is in the slot, in the place of what was; raises SpoolError.

    A card is taken as it comes, and what else lies on it is left alone.
    """
    try:
        vfs.umount(_WHERE)
    except OSError:
        pass  # none was mounted
    card._room = None
    gc.collect()
    try:
        card.device.ioctl(_DEINIT, 0)  # it may be another one, or have lost its power
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
        f"spool: cannot use the SD card ({why}); format it with FAT32 on a computer and check "
        "its wiring and spool.sd"
    )
