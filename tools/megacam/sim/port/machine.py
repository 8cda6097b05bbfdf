"""The ESP32's `machine`: the SPI bus and its chip select end at the camera model's process."""

import struct
import sys

import time
from world import ask

_header = bytearray(16)


class Pin:
    IN = 1
    OUT = 3

    def __init__(self, id, mode=-1, pull=-1, value=0):
        self._id = id
        self(value)

    def __call__(self, level=None):
        if level is None:
            return self._level
        self._level = level
        if self._id == _cs:
            _send(67, level, self._id, 0)  # C

    value = __call__


class SPI:
    def __init__(self, id, baudrate=500000, polarity=0, phase=0, sck=None, mosi=None, miso=None):
        # A bus on other pins than the camera's has nobody at its end.
        self._wired = ask("spi", id, [pin and pin._id for pin in (sck, mosi, miso)])
        self.init(baudrate, polarity, phase)

    def init(self, baudrate=500000, polarity=0, phase=0):
        if self._wired:
            _send(83, polarity << 1 | phase, 0, baudrate)  # S

    def write(self, buf):
        if self._wired:
            _send(87, 0, 0, len(buf))  # W
            _camera.write(buf)

    def readinto(self, buf, write=0):
        if self._wired:
            _send(82, write, 0, len(buf))  # R
            _camera.readinto(buf)
        else:
            buf[:] = bytes(len(buf))

    def write_readinto(self, out, buf):
        if self._wired:
            _send(88, 0, 0, len(out))  # X
            _camera.write(out)
            _camera.readinto(buf)
        else:
            buf[:] = bytes(len(buf))


def _send(op, arg, bus, n):
    struct.pack_into("<BBHIQ", _header, 0, op, arg, bus, n, time.monotonic_us())
    try:
        _camera.write(_header)
    except OSError:
        sys.exit(0)  # the simulation is over: whoever started it is gone


def __getattr__(name):
    if name == "RTC":
        from rtc import RTC

        return RTC
    if name == "SDCard":
        from sdcard import SDCard

        return SDCard
    if name == "PWM":
        return lambda pin, freq, duty_u16: ask("pwm", pin._id, freq, duty_u16)
    return lambda *args: ask(name, *args)
