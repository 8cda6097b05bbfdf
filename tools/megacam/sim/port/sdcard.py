"""The ESP32's `machine.SDCard` on an SPI bus: a file of 512-byte blocks, or an empty slot."""

import machine

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_BLOCK = const(512)
# machine_sdcard.c: the slots that are SPI buses, and the bus that the camera does not have.
_OTHER_BUS_SLOT = const(3)


class SDCard:
    def __init__(self, slot=1, width=1, sck=None, mosi=None, miso=None, cs=None, freq=20000000):
        if slot != _OTHER_BUS_SLOT:
            raise OSError(-259)  # ESP_ERR_INVALID_STATE: the camera has this bus
        self._file = machine.card

    def readblocks(self, block, buf):
        self._file.seek(block * _BLOCK)
        return 0 if self._file.readinto(buf) == len(buf) else -5  # EIO

    def writeblocks(self, block, buf):
        self._file.seek(block * _BLOCK)
        return 0 if self._file.write(buf) == len(buf) else -5

    def ioctl(self, op, arg):
        if not self._file:
            return -1
        if op == 4:
            return self._file.seek(0, 2) // _BLOCK
        if op == 3:
            self._file.flush()
        return _BLOCK if op == 5 else 0
