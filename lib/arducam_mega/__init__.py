"""Driver for the Arducam Mega SPI cameras (2, 3 and 5 MP) on any MicroPython board, and CPython.

    from machine import SPI, Pin
    from arducam_mega import ArducamMega, CameraError

    spi = SPI(2, baudrate=8_000_000, sck=Pin(18), mosi=Pin(23), miso=Pin(19))
    camera = ArducamMega(spi, Pin(5, Pin.OUT, value=1))
    camera.configure(resolution="1600x1200", quality="high")
    camera.capture().save("photo.jpg")

A photo is streamed and never held in memory as a whole. One buffer of 4092 bytes (a multiple of
4) serves all photos.

    buf = bytearray(4092)
    frame = camera.capture()                  # frame.size bytes
    while count := frame.readinto(buf):       # or: for block in frame
        send(buf, count)

You can do other work during the exposure, for example with asyncio:

    camera.start()
    while not camera.ready():
        await asyncio.sleep_ms(20)
    frame = camera.finish()

Settings of configure(); camera.settings has the current ones. A setting that the model lacks
raises a ValueError that lists what it offers, and nothing is written.

    resolution        "96x96" "128x128" "160x120" "320x240" "320x320" "640x480" "800x600"
                      "1024x768" "1280x720" "1280x1024" "1600x1200" "1920x1080" "2048x1536"
                      "2592x1936" "2592x1944"
    format            "jpeg", and up to 1920x1080 "rgb565" "yuv422"
    mode              "still" "video"
    quality           "high" "medium" "low"
    brightness        -4 to 4
    contrast, saturation, ev    -3 to 3
    white_balance     "auto" "sunny" "office" "cloudy" "home"
    effect            "none" "cool" "warm" "black-white" "sepia" "negative" "green" "yellow"
    sharpness         "auto", 1 to 8
    rotation          0, 180
    exposure, gain    "auto" or a number in the sensor's own unit
    autofocus         "off" "single" "continuous" "paused"
    auto_white_balance, ae_freeze, awb_freeze    True, False

After a failed capture, the driver triggers again, then resets and configures the camera, and only
then raises CameraError with a `reason`. Rarely used code is loaded on demand: sleep(), wake(),
focus(), burst(), and the modules arducam_mega.look (small raw frames between photos) and
arducam_mega.sensor (sensor registers and a self-test).
"""

import time

if not hasattr(time, "ticks_ms"):
    from arducam_mega import host_clock as time

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# Register names are those of the application note "Mega SPI Camera Series".
_TEST = const(0x00)  # scratch
_SENSOR_ID = const(0x40)
_STATE = const(0x44)

_WRITE = const(0x80)  # address bit of a register write
_CAP_DONE = const(0x04)
_MARK = const(0x55)  # kept in the scratch register: lost when the camera loses power
_EXPOSE_MS = const(10000)  # a full-size photo in the dark takes a few seconds

# The state of a capture; arducam_mega.capture advances it.
_OFF = const(0)
_SETTLING = const(1)
_EXPOSING = const(2)

_VGA = const(640 << 16 | 480)
# How much of a frame is read ahead to check it: enough for a JPEG's frame header. A multiple of 4
# keeps the rest of the first block aligned for DMA.
_HEAD_BYTES = const(192)


class CameraError(Exception):
    """The camera failed despite a new trigger and a reset; `reason` is one of these words.

    absent   nothing answers: check power and wiring
    unknown  the id is not that of a Mega: check the wiring, or see `accept_unknown`
    busy     the camera never becomes idle: cut its power
    timeout  a capture never ends: check the supply, cut its power
    length   a capture ends with an impossible length
    blank    a frame does not begin like a picture
    size     photos are 640x480 repeatedly, as after a reset: check the supply
    dead     the camera lost power, or was reset, during the read: take another photo
    cut      (save) three photos had no end marker: check the supply, slow the bus down
    stale    the caller's error: this frame was read, closed or overwritten by another capture
    """

    def __init__(self, reason, text):
        super().__init__(text)
        self.reason = reason


class ArducamMega:
    """The camera on `spi` (mode 0, at most 8 MHz) whose chip select is the output pin `cs`.

    After a reset, the driver waits `settle_ms`, then discards at most `discard` frames until their
    length is stable: exposure starts four stops too dark and needs about 15 frames.
    Pass `baudrate_hz` if the bus has other devices: it is set before each transfer, and 8 clocks
    with `cs` high release MISO afterwards. `read_baudrate_hz` makes reading frames faster;
    register writes fail silently above 8 MHz. `accept_unknown` treats an unknown id like the
    newest family.
    """

    def __init__(
        self,
        spi,
        cs,
        clock=None,
        settle_ms=2000,
        discard=8,
        baudrate_hz=0,
        read_baudrate_hz=0,
        accept_unknown=False,
    ):
        cs(1)
        if baudrate_hz > 8000000 or (read_baudrate_hz and not baudrate_hz):
            raise ValueError("baudrate_hz must be given with read_baudrate_hz, at most 8000000")
        self.id = 0  # 0x81 to 0x87, 0 until found
        self._marked = False
        self._spi = spi
        self._cs = cs
        self._clock = clock or time
        self._hz = baudrate_hz
        self._read_hz = read_baudrate_hz or baudrate_hz
        self._out = bytearray(3)
        self._in = bytearray(3)
        self._pair = memoryview(self._out)[:2]
        self._since = self._hold_ms = 0
        self.settle_ms = settle_ms
        self.discard = discard
        self.accept_unknown = accept_unknown
        self.frame = None  # the only one that can be read
        self._forget()
        self._head = bytearray(_HEAD_BYTES)
        self._state = _OFF
        self._extra_frames = self._tries = self._last_size = self._to_discard = 0
        self._asleep = False

    def _forget(self):
        self._chosen = {}
        self._program = b""  # the register writes for the settings: address, value, ...
        self._pixels = _VGA  # width << 16 | height
        self._raw = False

    # Reset

    def reset(self):
        """Find, identify and reset the camera: JPEG, 640x480, everything automatic.

        Raises CameraError "absent", "unknown" or "busy", after 6 s at the latest. The other
        methods reset the camera by themselves when they need to.
        """
        self._forget()
        from arducam_mega import reset

        reset.restore(self)

    # Settings

    @property
    def settings(self):
        """Return all current settings as a dict, the arguments of configure()."""
        from arducam_mega import settings

        return settings.in_force(self)

    def configure(self, **changes):
        """Change settings, for example resolution="1600x1200", format="jpeg".

        Checks all of them first and raises ValueError with what this model offers, then writes
        those that changed. Cancels an exposure under way. Names and values: docs/camera.md.
        """
        wanted = dict(self._chosen)
        wanted.update(changes)
        if not self.id or wanted != self._chosen:
            from arducam_mega import settings

            settings.change(self, changes)

    def sleep(self):
        """Put the sensor into low-power mode; an unread frame is lost."""
        from arducam_mega import power

        power.sleep(self)

    def wake(self):
        """Leave low-power mode; start() does so too. The next frame is discarded."""
        from arducam_mega import power

        power.wake(self)

    def focus(self, position=None):
        """Focus once and return the raw status, or move the lens to `position` (0 to 1023)."""
        from arducam_mega import sensor

        return sensor.focus(self, position)

    # Photos

    def capture(self):
        """Take a photo and return its Frame; blocks while the camera exposes."""
        self.start()
        return self.finish()

    def burst(self, frames):
        """Take up to 255 photos with one trigger; return one Frame with all of them in a row."""
        from arducam_mega import burst

        return burst.capture(self, frames)

    def start(self):
        """Begin a capture; the previous Frame can no longer be read."""
        from arducam_mega import start

        start.start(self)

    def ready(self):
        """Return whether the capture is complete; call it every 10 ms or so after start().

        If the capture failed, this triggers again, then resets and configures the camera (which
        blocks for seconds), and only then raises CameraError.
        """
        # Import the code only when there is something to do.
        from arducam_mega import capture

        return not self._is_waiting() and capture.ready(self)

    def finish(self):
        """Wait until the capture is complete and return its Frame."""
        from arducam_mega import capture

        return capture.finish(self)

    def _is_waiting(self):
        if self._state == _EXPOSING:
            is_over = not self.intact() or self._reg(_STATE) & _CAP_DONE
            return not is_over and self._within(self._since, _EXPOSE_MS)
        return self._state == _SETTLING and self._within(self._since, self._hold_ms)

    # SPI

    def _tune(self, hz):
        # Other devices on the bus may have set it otherwise.
        self._spi.init(baudrate=hz, polarity=0, phase=0)

    def _reg(self, address, value=None):
        # The value comes in the third byte: during the second the camera prepares it.
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
                self._spi.write(b"\xff")  # the camera releases MISO only with the next clocks
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
        # Also False when the ticks have wrapped, so that no wait can last for days.
        return 0 <= self._clock.ticks_diff(self._clock.ticks_ms(), since) < limit_ms

    def intact(self):
        """Return whether the camera answers and has lost neither power nor settings."""
        if self._marked:
            return self._reg(_TEST) == _MARK
        return self._reg(_SENSOR_ID) == self.id
