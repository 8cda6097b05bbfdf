"""The ESP32's `machine.SDCard` on an SPI bus: a file of 512-byte blocks; loaded when used.

It reuses the flash of chip.py with other blocks, so that it takes no more of the firmware's RAM
than the ESP32's own object, which is in C and takes some 400 bytes.
"""

import sys

import machine

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# machine_sdcard.c: the slot on the SPI bus that the camera does not use.
_OTHER_BUS_SLOT = const(3)

del sys.modules["chip_sdcard"]


def SDCard(slot=1, width=1, sck=None, mosi=None, miso=None, cs=None, freq=20000000):  # noqa: N802
    if slot != _OTHER_BUS_SLOT:
        raise OSError(-259)  # ESP_ERR_INVALID_STATE: the camera uses this bus
    card = machine.Flash()
    card._block_bytes = 512
    card._at = 0
    card._file, card._ails = machine._card
    return card
