"""The modules that the ESP32 has in C, all in one: `machine`, `network`, `esp32` and `time`.

The flash, the clock and the SPI bus are implemented here; everything else is requested from the
simulator as JSON (megacam.sim.world). The code is in ROM, but each function, class and name takes
some of the firmware's RAM, so there are few.
"""

import builtins
import json
import os
import struct
import sys
import utime
from utime import ticks_us

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

copy = None  # rom.py puts copy_x64.py in place of this line where it can

_FAST = os.getenv("MEGACAM_FAST")  # a sleep takes no real time: the clock jumps instead
_TICKS = const((1 << 30) - 1)
_EPOCH_2000 = const(946684800)  # the ESP32 port counts from 2000-01-01, libc from 1970-01-01
_BLOCK = const(4096)

_pipe = open(int(os.getenv("MEGACAM_WORLD_FD")), "r+b")
_camera = open(int(os.getenv("MEGACAM_CAMERA_FD")), "r+b")
_header = bytearray(16)
_start_us = ticks_us()
_card = os.getenv("MEGACAM_CARD")
# The SD card's file, and one that is empty unless the card has a fault; zeros without a slot.
_card = (open(_card, "r+b"), open(os.getenv("MEGACAM_CARD_AILS"), "rb")) if _card else (0, 0)
# Microseconds from 2000-01-01 to this start, by the clock that survives resets.
rtc_us = int(os.getenv("MEGACAM_RTC_US"))
flash_reads = [0, 0]
# What ends the process at a reset. start.py changes it for boot.py and main.py, which must not
# catch it with a SystemExit of their own.
del const  # a global more would make MicroPython enlarge their table, in the firmware's RAM
end = SystemExit


# time


def _now_us():
    """Return microseconds since power-on; never wraps."""
    return ticks_us() - _start_us


def time_ns():
    return (rtc_us + _now_us()) * 1000


def time():
    return time_ns() // 1000000000


def gmtime(seconds=None):
    return utime.gmtime((time() if seconds is None else seconds) + _EPOCH_2000)


def ticks_ms():
    return _now_us() // 1000 & _TICKS


def ticks_diff(end, start):
    return ((end - start + (1 << 29)) & _TICKS) - (1 << 29)


def sleep_ms(ms):
    global _start_us
    if _FAST:
        _start_us -= ms * 1000
    else:
        utime.sleep_ms(ms)


# The simulator


class _Proxy:
    """An object of the simulator; `id` is its name there."""

    def __getattr__(self, name):
        return ask(self.id + "." + name)

    def __call__(self, *args, **values):
        answer = ask(self.id, args, values)
        if args and isinstance(args[-1], bytearray):
            # A complete blob in JSON would take more of the firmware's heap than the port does.
            at = 0
            while at < answer:
                piece = ask("piece of it", (at,))
                args[-1][at : at + len(piece)] = piece
                at += len(piece)
        return answer


def ask(name, args=None, values=()):
    """Return what the simulator has under `name`, or with `args` the result of calling it.

    Raises the exceptions of the port.
    """
    if name in ("reset", "soft_reset"):
        # Do this immediately, so that a later Ctrl-C cannot overtake it.
        kind, answer = ("object", name) if args is None else ("exit", 75 + (name != "reset"))
    else:
        kind, answer = _asked(name, args, values)
    if kind == "object":
        proxy = _Proxy()
        proxy.id = answer
        return proxy
    if kind == "bytes":
        return bytes.fromhex(answer)
    if kind == "eval":
        return eval(answer)
    if kind == "exit":
        # The simulator starts the board again. On the ESP32, too, soft_reset() raises SystemExit.
        raise (SystemExit if answer == 76 else end)(answer)
    if kind:
        raise getattr(builtins, kind)(*answer)
    return answer


def _asked(name, args, values):
    now_us = _now_us()
    if args is not None:
        args = list(map(_plain, args))
    for key in values:
        values[key] = _plain(values[key])
    _pipe.write(json.dumps([name, now_us, args, values]) + "\n")
    while True:
        # A Ctrl-C may have left an answer, or half of one, that is no longer expected.
        try:
            asked_us, *answer = json.loads(_pipe.readline())
        except ValueError:
            continue
        if asked_us == now_us:
            return answer


def _plain(value):
    # A bytearray is a buffer to fill, so only its length matters. Callbacks are never called.
    value = getattr(value, "id", value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, bytearray):
        return len(value)
    return None if callable(value) else value


def __getattr__(name):
    if hasattr(utime, name):
        return getattr(utime, name)
    # In the ROM, not on the flash.
    module = {"RTC": "rtc", "SDCard": "chip_sdcard", "watch": "chip_irq"}.get(name)
    if module:
        sys.path.insert(0, "/.rom")
        try:
            return getattr(__import__(module), name)
        finally:
            sys.path.pop(0)
    return ask(name)


# machine


_cs = ask("cs")


class Pin:
    IN = PULL_DOWN = 1
    PULL_UP = 2
    OUT = 3

    def __init__(self, id, mode=-1, pull=-1, value=0):
        self.id = id
        self(1 if pull == 2 else value)

    def __call__(self, level=None):
        if level is None:
            return self._level
        self._level = level
        if self.id == _cs:
            _send(67, level, self.id, 0)  # C
            _header[0] = 0

    value = __call__

    def irq(self, handler):
        __getattr__("watch")(self, handler)


class SPI:
    def __init__(self, id, baudrate=500000, polarity=0, phase=0, sck=None, mosi=None, miso=None):
        # A bus on other pins than the camera's has no device on it.
        self._wired = ask("spi", (id, sck, mosi, miso))
        self.init(baudrate, polarity, phase)

    def init(self, baudrate=500000, polarity=0, phase=0):
        if self._wired:
            _send(83, polarity << 1 | phase, 0, baudrate)  # S
            _header[0] = 0

    def write(self, buf):
        if self._wired:
            _send(87, 0, 0, len(buf))  # W
            _camera.write(buf)
            _header[0] = 0

    def readinto(self, buf, write=0):
        if self._wired:
            _send(82, write, 0, len(buf))  # R
            _camera.readinto(buf)
            _header[0] = 0
        else:
            buf[:] = bytes(len(buf))

    def write_readinto(self, out, buf):
        if self._wired:
            _send(88, 0, 0, len(out))  # X
            _camera.write(out)
            _camera.readinto(buf)
            _header[0] = 0
        else:
            buf[:] = bytes(len(buf))


def _send(op, arg, bus, n):
    if _header[0]:
        _synchronize()
    struct.pack_into("<BBHIQ", _header, 0, op, arg, bus, n, _now_us())
    try:
        _camera.write(_header)
    except OSError:
        raise end(0)  # the process that started the simulation is gone


def _synchronize():
    # A Ctrl-C interrupted the transfer in _header, which cannot happen on a chip. Send the bytes
    # that may still be expected, and drop everything that comes before the relay's echo.
    op, _, _, size, _ = struct.unpack("<BBHIQ", _header)
    _camera.write(bytes(size if op in (87, 88) else 0))
    struct.pack_into("<BBHIQ", _header, 0, 78, 0, 0, 0, _now_us())  # N
    _camera.write(_header)
    seen = b""
    while seen != _header:
        seen = (seen + _camera.read(1))[-16:]


class Flash:
    """The flash chip: a file of 4096-byte blocks (extended block protocol).

    chip_sdcard.py makes an SD card of it, with another file, smaller blocks and its faults.
    """

    _file = open(os.getenv("MEGACAM_FLASH"), "r+b")
    # The file's address in memory, which takes a fraction of the time; 0 where copy() is missing.
    _at = int(os.getenv("MEGACAM_FLASH_AT")) if copy else 0
    _block_bytes = _BLOCK
    # None for the flash. For the card, a file: the simulator is asked unless it is empty.
    _ails = None
    # If it is not 0, the power fails just before the last of this many writes.
    _writes_left = int(os.getenv("MEGACAM_WRITES_LEFT") or 0)

    def _error(self, op):
        if self._ails is None or (self._ails and not self._ails.seek(0, 2)):
            return 0
        return ask("card", (op,))

    def readblocks(self, block, buf, offset=0):
        error = self._error("read")
        if not error:
            offset += block * self._block_bytes
            if self._at:
                copy(buf, self._at + offset, len(buf))
            else:
                self._file.seek(offset)
                self._file.readinto(buf)
            if self._ails is None:
                flash_reads[0] += 1
                flash_reads[1] += len(buf)
        return error

    def writeblocks(self, block, buf, offset=0):
        if self._writes_left:
            self._writes_left -= 1
            if not self._writes_left:
                ask("power", ())  # the simulator never answers this question
        error = self._error("write")
        if not error:
            offset += block * self._block_bytes
            if self._at:
                copy(self._at + offset, buf, len(buf))
            else:
                self._file.seek(offset)
                self._file.write(buf)
        return error

    def ioctl(self, op, arg):
        error = self._error(op)
        if error:
            return error
        if op == 4:
            return self._file.seek(0, 2) // self._block_bytes
        if op == 3:
            self._file.flush()
        return self._block_bytes if op == 5 else 0
