"""Driver for the Arducam Mega SPI cameras (2, 3 and 5 MP) on any MicroPython board, and CPython.

    from machine import SPI, Pin
    from arducam_mega import ArducamMega, CameraError

    spi = SPI(2, baudrate=8_000_000, sck=Pin(18), mosi=Pin(23), miso=Pin(19))
    camera = ArducamMega(spi, Pin(5, Pin.OUT, value=1))
    camera.configure(resolution="1600x1200", quality="high")
    camera.capture().save("photo.jpg")

A photo is streamed, never held whole: one buffer of 4092 bytes, a multiple of 4, for all photos.

    buf = bytearray(4092)
    frame = camera.capture()                  # frame.size bytes
    while count := frame.readinto(buf):       # or: for block in frame
        send(buf, count)

The exposure can be waited for beside other work, as with asyncio:

    camera.start()
    while not camera.ready():
        await asyncio.sleep_ms(20)
    frame = camera.finish()

Settings; camera.settings tells all in force. What a model lacks is a ValueError that says what it
has, and nothing is written then.

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
    exposure, gain    "auto" or a number of the sensor's own
    autofocus         "off" "single" "continuous" "paused"
    auto_white_balance, ae_freeze, awb_freeze    True, False

A failed capture is triggered again, then the camera reset and set up again; then CameraError comes
with a `reason`. Rare things, loaded when used: sleep(), wake(), focus(), burst(), and the module
arducam_mega_sensor with the sensor's registers and a self-test.
"""

import time

from arducam_mega_bus import CameraError, MegaBus
from arducam_mega_frame import HEAD_BYTES, Frame

if not hasattr(time, "ticks_ms"):
    import arducam_mega_host as time

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# Register names are those of the application note "Mega SPI Camera Series".
_FIFO_CTRL = const(0x04)
_STATE = const(0x44)
_FIFO_LEN = const(0x45)  # three bytes, low first

_CLEAR_DONE = const(0x01)
_START = const(0x02)
_IDLE_MASK = const(0x03)
_IDLE = const(0x02)
_CAP_DONE = const(0x04)
_FIFO_BYTES = const(0x800000)
_MIN_JPEG_BYTES = const(500)  # the tables of a JPEG alone are larger

_IDLE_MS = const(1000)
_EXPOSE_MS = const(10000)  # a full-size photo in the dark takes a few seconds
_FRAME_MS = const(100)  # 36 were measured at 128x128 for each further frame of a burst
_RETRY_MS = const(300)  # a blanked camera needs as long to come back
_POLL_MS = const(10)  # a shorter sleep spins on the ESP32
_TRIES = const(3)  # as it is, triggered again, reset and set up again

_OFF = const(0)
_SETTLING = const(1)
_EXPOSING = const(2)
_DONE = const(3)

_VGA = const(640 << 16 | 480)


class ArducamMega(MegaBus):
    """The camera on `spi` (mode 0, at most 8 MHz) whose chip select is the output pin `cs`.

    After a reset it gets `settle_ms`, then at most `discard` frames are thrown away until their
    length stands still: exposure starts four stops dark and needs about 15 frames.
    `baudrate_hz` is for a bus with other devices: it is set before each use, and 8 clocks with
    `cs` high free MISO after it. `read_baudrate_hz` speeds frames up; register writes fail
    silently above 8 MHz. `accept_unknown` treats an unknown id like the newest family.
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
        super().__init__(spi, cs, clock or time, baudrate_hz, read_baudrate_hz)
        self.settle_ms = settle_ms
        self.discard = discard
        self.accept_unknown = accept_unknown
        self.frame = None  # the one that may be read
        self._forget()
        self._extra_frames = 0
        self._head = bytearray(HEAD_BYTES)
        self._state = _OFF

    def _forget(self):
        self._chosen = {}
        self._program = b""  # the register writes that make the settings: address, value, ...
        self._pixels = _VGA  # width << 16 | height
        self._raw = False

    # Being there

    def reset(self):
        """Find, identify and reset the camera: JPEG, 640x480, everything automatic.

        Raises CameraError "absent", "unknown" or "busy", after 6 s at the latest. The other
        methods do it by themselves when they must.
        """
        self._forget()
        self._restore()

    def _restore(self):
        self.frame = None
        self._state = _OFF
        self.id = 0
        self._asleep = False
        self._to_discard = self.discard
        self._last_size = 0
        self._rare("reset").reset(self)

    # Settings

    @property
    def settings(self):
        """Return all settings in force as a dict, the arguments of configure()."""
        return self._rare("settings").in_force(self)

    def configure(self, **changes):
        """Change settings by name and word, for example resolution="1600x1200", format="jpeg".

        Checks all of them first and raises ValueError with what this model offers, then writes
        what differs. Names and words: docs/camera.md. Gives up an exposure that runs.
        """
        if not self.id:
            self._restore()
        wanted = dict(self._chosen)
        wanted.update(changes)
        if wanted == self._chosen:
            return
        writes = self._rare("settings").change(self, changes)
        try:
            self._stop()
            self._run(writes)
        except CameraError:
            self._restore()

    def sleep(self):
        """Put the sensor into low power; an unread frame is given up."""
        self._rare("power").sleep(self)

    def wake(self):
        """Leave low power; start() does so too. The next frame is thrown away."""
        self._rare("power").wake(self)

    def focus(self, position=None):
        """Focus once and return the raw status, or move the lens to `position`, 0 to 1023."""
        return self._rare("sensor").focus(self, position)

    # Photos

    def capture(self):
        """Take a photo and return its Frame; blocks while the camera exposes."""
        self.start()
        return self.finish()

    def burst(self, frames):
        """Take up to 255 photos with one trigger; return one Frame with all of them in a row."""
        return self._rare("burst").capture(self, frames)

    def start(self):
        """Begin a capture; the Frame before it can no longer be read."""
        try:
            self._stop()
        except CameraError:
            self.id = 0
        if not self.id or not self.intact():
            self._restore()
        if self._asleep:
            self.wake()
        self.frame = None
        self._tries = 0
        self._state = _SETTLING
        self.ready()

    def _stop(self):
        # A capture cannot be broken off, and what is written during one is lost.
        if self._state == _EXPOSING:
            self._wait(_CAP_DONE, _CAP_DONE, _EXPOSE_MS)
        self._state = _OFF

    def ready(self):
        """Tell whether the capture is complete; call it every 10 ms or so after start().

        Here too a failed capture is triggered again, then the camera reset and set up again
        (which blocks for seconds), before CameraError is raised.
        """
        if self._state == _OFF:
            raise CameraError("stale", "no capture is under way; start() one")
        try:
            if self._state != _DONE:
                self._advance()
        except CameraError as e:
            self._recover(e)
        return self._state == _DONE

    def finish(self):
        """Wait until the capture is complete and return its Frame."""
        while not self.ready():
            self._clock.sleep_ms(_POLL_MS)
        self._state = _OFF
        self.frame = Frame(self, self._last_size, self._raw, self._extra_frames + 1)
        return self.frame

    def _advance(self):
        if self._state == _SETTLING:
            if not self._within(self._since, self._hold_ms):
                self._trigger()
            return
        self._check_power()
        if self._reg(_STATE) & _CAP_DONE:
            self._check()
        elif not self._within(self._since, _EXPOSE_MS + self._extra_frames * _FRAME_MS):
            raise CameraError("timeout", "a capture never ends; check the supply")

    def _trigger(self):
        self._reg(_FIFO_CTRL, _CLEAR_DONE)
        self._wait(_IDLE_MASK | _CAP_DONE, _IDLE, _IDLE_MS)
        self._reg(_FIFO_CTRL, _START)
        self._since = self._clock.ticks_ms()
        self._hold_ms = 0
        self._state = _EXPOSING

    def _check(self):
        size = self._length()
        if size != self._length() or not self._plausible(size):
            raise CameraError("length", f"a capture ended with {size} bytes")
        self._command = b"\x3c\x00"
        self._burst(self._head)
        self._command = b"\x3c"
        self._check_head()
        # 1/32 is more than noise and less than a step of automatic exposure.
        if self._to_discard and (self._raw or abs(size - self._last_size) * 32 > size):
            self._to_discard -= 1
            self._state = _SETTLING
        else:
            self._to_discard = 0
            self._state = _DONE
        self._last_size = size

    def _length(self):
        low = self._reg(_FIFO_LEN) | self._reg(_FIFO_LEN + 1) << 8
        return low | self._reg(_FIFO_LEN + 2) << 16

    def _plausible(self, size):
        if self._raw:
            pixels = (self._pixels >> 16) * (self._pixels & 0xFFFF)
            return size == pixels * 2 * (self._extra_frames + 1)
        return _MIN_JPEG_BYTES <= size < _FIFO_BYTES

    def _check_head(self):
        head = self._head
        if self._raw:
            # An empty FIFO reads 08 01 for ever; another constant may be a photo of the dark.
            good = head != b"\x08\x01" * (HEAD_BYTES // 2)
        else:
            good = head[0] == 0xFF and head[1] == 0xD8 and head[2] == 0xFF
        if not good:
            raise CameraError("blank", "a frame does not begin as a picture does")
        pixels = 0 if self._raw else _jpeg_pixels(head)
        if pixels and pixels != self._pixels:
            if self._tries < _TRIES - 1 or pixels == _VGA:
                raise CameraError("size", "photos have not the size asked for; check the supply")
            self._pixels = pixels  # in spite of a reset: it is what this camera makes of it

    def _recover(self, error):
        self._state = _OFF
        self._tries += 1
        if self._tries >= _TRIES:
            raise error
        if self._tries > 1 or not self.intact():
            self._restore()
        else:
            self._hold(_RETRY_MS)
        self._state = _SETTLING


def _jpeg_pixels(head):
    # The frame header (ITU-T T.81, B.2.2) as width << 16 | height; 0 when it is further on.
    at = 2
    while at + 9 <= HEAD_BYTES and head[at] == 0xFF:
        if head[at + 1] in b"\xc0\xc1\xc2":
            return head[at + 7] << 24 | head[at + 8] << 16 | head[at + 5] << 8 | head[at + 6]
        at += 2 + (head[at + 2] << 8 | head[at + 3])
    return 0
