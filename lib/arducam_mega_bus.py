"""The wire of an Arducam Mega: registers and bursts; part of arducam_mega."""

import sys

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# Register names are those of the application note "Mega SPI Camera Series".
_TEST = const(0x00)  # scratch
_SENSOR_ID = const(0x40)

_WRITE = const(0x80)  # address bit of a register write
_MARK = const(0x55)  # left in the scratch register: it is gone when the camera lost its power


class CameraError(Exception):
    """The camera failed in spite of a new trigger and a reset; `reason` is one of these words.

    absent   nothing answers: check power and wiring
    unknown  what answers has no id of a Mega: check the wiring, or see `accept_unknown`
    busy     it never becomes idle: cut its power
    timeout  a capture never ends: check the supply, cut its power
    length   a capture ends with an impossible length
    blank    a frame does not begin as a picture does
    size     photos are 640x480 again and again, as after a reset: check the supply
    dead     it lost its power, or was reset, while a frame was read: take another photo
    cut      (save) three photos had no end: check the supply, slow the bus down
    stale    the caller's error: this frame was read, closed or overwritten by another capture
    """

    def __init__(self, reason, text):
        super().__init__(text)
        self.reason = reason


class MegaBus:
    """The camera as registers behind `spi` and `cs`; for the arguments see ArducamMega."""

    def __init__(self, spi, cs, clock, baudrate_hz, read_baudrate_hz):
        cs(1)
        if baudrate_hz > 8000000 or (read_baudrate_hz and not baudrate_hz):
            raise ValueError("baudrate_hz must be given with read_baudrate_hz, at most 8000000")
        self.id = 0  # 0x81 to 0x87, 0 until found
        self._marked = False
        self._spi = spi
        self._cs = cs
        self._clock = clock
        self._hz = baudrate_hz
        self._read_hz = read_baudrate_hz or baudrate_hz
        self._out = bytearray(3)
        self._in = bytearray(3)
        self._pair = memoryview(self._out)[:2]
        self._since = self._hold_ms = 0

    def _tune(self, hz):
        # Other devices on the bus may have set it otherwise.
        self._spi.init(baudrate=hz, polarity=0, phase=0)

    def _reg(self, address, value=None):
        # A value is read as the third byte: the second is there for the camera to get ready.
        out = self._out
        if self._hz:
            self._tune(self._hz)
        try:
            self._cs(0)
            if value is None:
                out[0] = address
                self._spi.write_readinto(out, self._in)
            else:
                out[0] = address | _WRITE
                out[1] = value
                self._spi.write(self._pair)
        finally:
            self._cs(1)
            if self._hz:
                self._spi.write(b"\xff")  # the camera lets go of MISO with the next clocks only
        return self._in[2]

    def _burst(self, buf):
        if self._read_hz:
            self._tune(self._read_hz)
        try:
            self._cs(0)
            self._spi.write(self._command)
            self._spi.readinto(buf)
        finally:
            self._cs(1)
            if self._hz:
                self._spi.write(b"\xff")

    def _within(self, since, limit_ms):
        # False too when the ticks have wrapped meanwhile, so that no wait grows by days.
        return 0 <= self._clock.ticks_diff(self._clock.ticks_ms(), since) < limit_ms

    def intact(self):
        """Tell whether the camera answers and has lost neither its power nor its settings."""
        if self._marked:
            return self._reg(_TEST) == _MARK
        return self._reg(_SENSOR_ID) == self.id

    def _check_power(self):
        if not self.intact():
            raise CameraError("dead", "the camera lost its power meanwhile; take another photo")

    def _rare(self, name):
        # Loaded for one use only, and its parts, unless the program imported them itself.
        before = set(sys.modules)
        try:
            return __import__("arducam_mega_" + name)
        finally:
            for name in set(sys.modules) - before:
                if name.startswith("arducam_mega_"):
                    del sys.modules[name]
