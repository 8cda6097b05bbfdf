"""The ESP32's `machine`: the SPI bus and its chip select end at the camera model's process.

What is connected where comes from `wiring` in the board's world.json; a bus or a pin that the
firmware chose differently reads all zeros, as an unconnected MISO does.
"""

import os
import struct
import sys

import time

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
DEEPSLEEP_RESET = 4
SOFT_RESET = 5

EXIT_HARD_RESET = 75  # the simulator starts the board again
EXIT_SOFT_RESET = 76
EXIT_DEEPSLEEP = 77

_wiring = {}  # filled by board.py: spi, sck, mosi, miso, cs
_header = bytearray(16)
_camera = None


def connect(wiring, camera_fd):
    """Join the simulated camera: called once by the board's start-up code."""
    global _camera
    _wiring.update(wiring)
    _camera = open(camera_fd, "r+b")


def _send(op, arg, bus, n):
    struct.pack_into("<BBHIQ", _header, 0, op, arg, bus, n, time.monotonic_us())
    try:
        _camera.write(_header)
    except OSError:
        sys.exit(0)  # the simulation is over: whoever started it is gone


class Pin:
    IN = 1
    OUT = 3
    OPEN_DRAIN = 7
    PULL_UP = 2
    PULL_DOWN = 1
    IRQ_FALLING = 2
    IRQ_RISING = 1

    def __init__(self, id, mode=-1, pull=-1, value=None):
        self._id = id
        self._level = 0
        if value is not None:
            self.value(value)

    def value(self, level=None):
        if level is None:
            return self._level
        self._level = 1 if level else 0
        if self._id == _wiring.get("cs"):
            _send(67, self._level, self._id, 0)  # C

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    def irq(self, handler=None, trigger=0):
        return None

    def __repr__(self):
        return f"Pin({self._id})"


def _number(pin):
    return pin._id if isinstance(pin, Pin) else pin


class SPI:
    MSB = 0
    LSB = 1

    def __init__(self, id, baudrate=500000, polarity=0, phase=0, bits=8, firstbit=0, **pins):
        default = {1: (14, 13, 12), 2: (18, 23, 19)}[id]
        names = ("sck", "mosi", "miso")
        used = [_number(pins.get(name) or pin) for name, pin in zip(names, default)]
        self._wired = used == [_wiring.get(name) for name in names]
        self.init(baudrate, polarity, phase)

    def init(self, baudrate=500000, polarity=0, phase=0, **_):
        if self._wired:
            _send(83, polarity << 1 | phase, 0, baudrate)  # S

    def deinit(self):
        pass

    def write(self, buf):
        if not len(buf):
            raise ValueError("buffer too short")
        if self._wired:
            _send(87, 0, 0, len(buf))  # W
            _camera.write(buf)

    def readinto(self, buf, write=0):
        if not len(buf):
            raise ValueError("buffer too short")
        if self._wired:
            _send(82, write, 0, len(buf))  # R
            _camera.readinto(buf)
        else:
            for i in range(len(buf)):
                buf[i] = 0

    def read(self, n, write=0):
        buf = bytearray(n)
        self.readinto(buf, write)
        return bytes(buf)

    def write_readinto(self, out, buf):
        if len(out) != len(buf):
            raise ValueError("buffers must be the same length")
        if self._wired:
            _send(88, 0, 0, len(out))  # X
            _camera.write(out)
            _camera.readinto(buf)
        else:
            for i in range(len(buf)):
                buf[i] = 0


class RTC:
    def datetime(self, fields=None):
        if fields is None:
            t = time.gmtime()
            return (t[0], t[1], t[2], t[6], t[3], t[4], t[5], 0)
        year, month, day, _, hour, minute, second, _ = fields
        time.set_rtc(time.mktime((year, month, day, hour, minute, second, 0, 0)))

    def memory(self, data=None):
        path = "/.board/rtc.bin"  # survives every reset but a loss of power
        if data is None:
            try:
                with open(path, "rb") as f:
                    return f.read()
            except OSError:
                return b""
        if len(data) > 2048:
            raise ValueError("buffer too long")
        with open(path, "wb") as f:
            f.write(data)


class WDT:
    def __init__(self, id=0, timeout=5000):
        self._timeout_ms = timeout
        self.feed()

    def feed(self):
        self._fed_ms = time.ticks_ms()


class ADC:
    ATTN_11DB = 3

    def __init__(self, pin, **_):
        self._pin = _number(pin)

    def read_uv(self):
        return _wiring.get("adc_uv", 0)


def reset():
    sys.exit(EXIT_HARD_RESET)


def soft_reset():
    sys.exit(EXIT_SOFT_RESET)


def deepsleep(ms=0):
    print("deepsleep", ms)
    sys.exit(EXIT_DEEPSLEEP)


def reset_cause():
    return int(os.getenv("MEGACAM_RESET_CAUSE") or PWRON_RESET)


def unique_id():
    return b"\x24\x0a\xc4\x00\x00\x01"


def freq(hz=None):
    return 160000000


def idle():
    time.sleep_ms(1)
