"""The ESP32's modules `machine`, `network`, `esp32` and `time` for a run of the swarm.

Every contact with the world is a question over one pipe, which the world answers at once; in
between the board's own clock advances by a fixed cost per call, never by this machine's clock. So
the same world gives the same life, byte for byte. See tests/swarm/link.py for the questions.
"""

import builtins
import json
import os
import struct
import sys
import uctypes
import utime

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_TICKS = const((1 << 30) - 1)
_EPOCH_2000 = const(946684800)  # the ESP32 port counts from 2000-01-01, libc from 1970-01-01
_BLOCK = const(4096)
_FOREVER = const(1 << 62)
# What a call costs the board, in microseconds: about that of an ESP32.
_CALL_US = const(20)
_READ_US = const(60)
_WRITE_US = const(900)

_pipe = open(int(os.getenv("MEGACAM_WORLD_FD")), "r+b")
# Control page, flash and card, shared with the world: they outlive this process.
_shared = memoryview(uctypes.bytearray_at(*map(int, os.getenv("MEGACAM_SHARED").split())))
_flash_bytes, _card_bytes = map(int, os.getenv("MEGACAM_SIZES").split())
#: Microseconds from 2000-01-01 to this start, by the clock that survives resets.
rtc_us = int(os.getenv("MEGACAM_RTC_US"))
_now = 0
# When the world has to be asked, and when the watchdog bites.
_horizon_us = 0
_bites_us = _FOREVER
# When the only timer calls its function.
_timer_us = _FOREVER
_question = bytearray(16)
_answer = bytearray(24)
#: The bytes of the last answer.
payload = b""
# [pin, changes seen, handler] of the only interrupt; the world writes into the control page how
# often that pin has changed, and its level.
_watched = []
# Transfers on the SPI bus that no answer depends on yet.
_transfers = bytearray()


# Questions


def ask(op, n=0, data=b"", arg=0):
    """Return the world's answer, a whole number; `payload` has the bytes that come with it."""
    global _now, _horizon_us, payload
    if _transfers and op != 83:
        ask(83)
    if op == 83:
        data = bytes(_transfers)
        _transfers[:] = b""
    struct.pack_into("<BBHIQ", _question, 0, op, arg, n, len(data), _now)
    _pipe.write(_question + data if data else _question)
    if _pipe.readinto(_answer) != 24:
        sys.exit(1)  # the world is gone
    value, size, _now, _horizon_us = struct.unpack("<iIQQ", _answer)
    payload = _pipe.read(size) if size else b""
    if value == -2:
        kind, args = json.loads(payload)
        raise getattr(builtins, kind)(*args)
    return value


def tell(name, *args):
    """Return what the world's function `name` returns, a JSON value."""
    ask(74, data=json.dumps([name, args]))
    return json.loads(payload)


def spend(us):
    """Let `us` pass."""
    global _now
    _now += us
    while _now >= _horizon_us or _now >= _bites_us or _now >= _timer_us:
        if _timer_us <= _now:
            Timer.ring()
        if _bites_us <= _now:
            _now = _bites_us
            _end(78, 0)
        ask(90)
    if _watched and _shared[17] != _watched[1]:
        _interrupt()


def _interrupt():
    # As the port's soft interrupts: each change calls the handler, which sees the present level.
    pin, seen, handler = _watched
    count = _shared[17] - seen & 255
    _watched[1] = _shared[17]
    for _ in range(count):
        handler(pin)


def _end(code, sleep_ms):
    ask(69, arg=code, data=struct.pack("<Q", sleep_ms))  # there is no answer


# time


def time_ns():
    spend(_CALL_US)
    return (rtc_us + _now) * 1000


def time():
    return time_ns() // 1000000000


def gmtime(seconds=None):
    return utime.gmtime((time() if seconds is None else seconds) + _EPOCH_2000)


def ticks_ms():
    spend(_CALL_US)
    return _now // 1000 & _TICKS


def ticks_us():
    spend(_CALL_US)
    return _now & _TICKS


def ticks_diff(end, start):
    return ((end - start + (1 << 29)) & _TICKS) - (1 << 29)


def ticks_add(ticks, delta):
    return (ticks + delta) & _TICKS


def sleep_ms(ms):
    spend(max(0, ms) * 1000 + _CALL_US)


def sleep_us(us):
    spend(max(0, us) + 1)


def sleep(seconds):
    spend(int(seconds * 1000000) + _CALL_US)


# machine

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5


def reset():
    _end(75, 0)


def soft_reset():
    _end(76, 0)


def deepsleep(time_ms=0):
    _end(77, time_ms)


def reset_cause():
    return tell("reset_cause")


def unique_id():
    return b"\x24\x0a\xc4\x00\x00\x01"


PIN_WAKE, TIMER_WAKE = 2, 4


def wake_reason():
    return tell("wake_reason")


def wake_on_ext0(pin, level):
    tell("wake_on", level)


class Pin:
    IN, OUT = 1, 3
    PULL_DOWN, PULL_UP = 1, 2

    def __init__(self, id, mode=-1, pull=-1, value=0):
        self.id = id
        self._is_input = mode == 1
        if not self._is_input:
            self(value)

    def irq(self, handler):
        _watched[:] = self, _shared[17], handler

    def __call__(self, level=None):
        if level is None:
            return _shared[18] if self._is_input else self._level
        self._level = level
        if self.id == 5:
            _transfer(67, level, 0)
        return None

    value = __call__


class SPI:
    def __init__(self, id, baudrate=500000, polarity=0, phase=0, sck=None, mosi=None, miso=None):
        self._set = None
        self.init(baudrate, polarity, phase)

    def init(self, baudrate=500000, polarity=0, phase=0):
        if self._set != (baudrate, polarity, phase):
            self._set = (baudrate, polarity, phase)
            _transfer(83, polarity << 1 | phase, baudrate)

    def write(self, buf):
        self._pass(len(buf))
        _transfer(87, 0, len(buf), buf)

    def readinto(self, buf, write=0):
        self._pass(len(buf))
        _transfer(82, write, len(buf))
        ask(83)
        buf[:] = payload

    def write_readinto(self, out, buf):
        self._pass(len(out))
        _transfer(88, 0, len(out), out)
        ask(83)
        buf[:] = payload

    def _pass(self, count):
        spend(_CALL_US + count * 8000000 // self._set[0])


def _transfer(op, arg, n, data=b""):
    _transfers.extend(struct.pack("<BBHIQ", op, arg, 0, n, _now))
    if data:
        _transfers.extend(data)


class RTC:
    def datetime(self, fields):
        global rtc_us
        year, month, day, _, hour, minute, second, microsecond = fields
        wanted = int(utime.mktime((year, month, day, hour, minute, second, 0, 0)))
        ahead_s = wanted - int(utime.mktime(gmtime()))
        rtc_us += ahead_s * 1000000 + microsecond - time_ns() // 1000 % 1000000
        tell("set_rtc", rtc_us)

    def memory(self, data=None):
        ask(77, data=data or b"", arg=data is not None)
        return payload


class WDT:
    def __init__(self, id=0, timeout=5000):
        global _bites_us
        self._timeout_us = timeout * 1000
        self.feed()

    def feed(self):
        global _bites_us
        _bites_us = _now + self._timeout_us


class ADC:
    ATTN_0DB, ATTN_2_5DB, ATTN_6DB, ATTN_11DB = 0, 1, 2, 3

    def __init__(self, pin, atten=0):
        self._pin = pin.id

    def read_uv(self):
        return tell("read_uv", self._pin)


class PWM:
    def __init__(self, pin, freq=0, duty_u16=0):
        tell("pwm", pin.id, freq, duty_u16)


class Timer:
    """One-shot timers; at the prompt, which the swarm does not use, there is a periodic one."""

    ONE_SHOT, PERIODIC = 0, 1

    def __init__(self, id=-1):
        pass

    def init(self, period=0, mode=0, callback=None):
        global _timer_us
        _timer_us = _now + period * 1000
        Timer.callback = callback

    def deinit(self):
        global _timer_us
        _timer_us = _FOREVER

    @staticmethod
    def ring():
        global _timer_us
        _timer_us = _FOREVER
        Timer.callback(None)


class NVS:
    def __init__(self, namespace):
        self._space = namespace

    def get_blob(self, key, buf):
        n = ask(66, data=json.dumps([self._space, key, len(buf)]))
        buf[:n] = payload
        return n

    def set_blob(self, key, value):
        tell("set_blob", self._space, key, bytes(value).hex())

    def get_i32(self, key):
        return tell("get_i32", self._space, key)

    def set_i32(self, key, value):
        tell("set_i32", self._space, key, value)

    def erase_key(self, key):
        tell("erase_key", self._space, key)

    def commit(self):
        tell("commit")


def idf_heap_info(capabilities):
    return [(100000, 53000, 31000, 29000)]


# network

STA_IF = 0


def hostname(name=None):
    return tell("radio", "hostname", [name], {})


class WLAN:
    PM_NONE, PM_PERFORMANCE, PM_POWERSAVE = 0, 1, 2

    def __init__(self, interface=0):
        pass

    def isconnected(self):
        return ask(82) == 1

    def active(self, on=None):
        return tell("radio", "active", [on], {})

    def scan(self):
        found = tell("radio", "scan", [], {})
        return [(bytes.fromhex(ap[0]), bytes.fromhex(ap[1])) + tuple(ap[2:]) for ap in found]

    def connect(self, ssid, key=None, bssid=None):
        bssid = bssid and bytes(bssid).hex()
        tell("radio", "connect", [ssid, key], {"bssid": bssid})

    def disconnect(self):
        tell("radio", "disconnect", [], {})

    def status(self, what=None):
        return tell("radio", "status", [what], {})

    def ifconfig(self, address=None):
        return tell("radio", "ifconfig", [address], {})

    def config(self, name="", pm=None):
        return tell("radio", "config", [name], {"pm": pm})


# Flash and SD card


class Flash:
    """The flash chip: 4096-byte blocks in the shared memory (extended block protocol)."""

    def readblocks(self, block, buf, offset=0):
        spend(_READ_US)
        at = _BLOCK + block * _BLOCK + offset
        buf[:] = _shared[at : at + len(buf)]

    def writeblocks(self, block, buf, offset=0):
        spend(_WRITE_US)
        at = _BLOCK + block * _BLOCK + offset
        left, torn, writes, count = struct.unpack_from("<IIII", _shared)
        if left == 1:
            # The power fails in the middle of this write.
            torn = torn % (len(buf) + 1)
            _shared[at : at + torn] = memoryview(buf)[:torn]
            ask(70)
        struct.pack_into("<IIII", _shared, 0, max(left - 1, 0), torn, writes + 1, count + len(buf))
        _shared[at : at + len(buf)] = buf

    def ioctl(self, op, arg):
        if op == 4:
            return _flash_bytes // _BLOCK
        return _BLOCK if op == 5 else 0


class SDCard:
    def __init__(self, slot=1, width=1, sck=None, mosi=None, miso=None, cs=None, freq=20000000):
        if slot != 3 or not _card_bytes:
            raise OSError(-259)  # ESP_ERR_INVALID_STATE

    def _at(self, block, op):
        spend(_READ_US)
        # The world says in the control page whether the card works; then nobody needs to ask.
        error = 0 if _shared[16] else tell("card", op)
        return error, _BLOCK + _flash_bytes + block * 512

    def readblocks(self, block, buf):
        error, at = self._at(block, "read")
        if not error:
            buf[:] = _shared[at : at + len(buf)]
        return error

    def writeblocks(self, block, buf):
        error, at = self._at(block, "write")
        if not error:
            _shared[at : at + len(buf)] = buf
        return error

    def ioctl(self, op, arg):
        error = 0 if _shared[16] and op != 2 else tell("card", op)
        if error:
            return error
        return _card_bytes // 512 if op == 4 else 512 if op == 5 else 0


def __getattr__(name):
    return getattr(utime, name)
