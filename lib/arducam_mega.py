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

from arducam_mega_bus import CameraError, MegaBus  # noqa: F401 - the error is for our users
from arducam_mega_frame import HEAD_BYTES

if not hasattr(time, "ticks_ms"):
    import arducam_mega_host as time

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# Register names are those of the application note "Mega SPI Camera Series".
_STATE = const(0x44)
_CAP_DONE = const(0x04)
_EXPOSE_MS = const(10000)  # a full-size photo in the dark takes a few seconds

# What a capture is at; arducam_mega_capture moves it on.
_OFF = const(0)
_SETTLING = const(1)
_EXPOSING = const(2)

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
        self._head = bytearray(HEAD_BYTES)
        self._state = _OFF
        self._extra_frames = self._tries = self._last_size = self._to_discard = 0
        self._asleep = False

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
        self._rare("reset").restore(self)

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
        wanted = dict(self._chosen)
        wanted.update(changes)
        if not self.id or wanted != self._chosen:
            self._rare("settings").change(self, changes)

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
        self._rare("capture").start(self)

    def ready(self):
        """Tell whether the capture is complete; call it every 10 ms or so after start().

        Here too a failed capture is triggered again, then the camera reset and set up again
        (which blocks for seconds), before CameraError is raised.
        """
        # Loads what moves the capture on only when there is something to do.
        return not self._is_waiting() and self._rare("capture").ready(self)

    def finish(self):
        """Wait until the capture is complete and return its Frame."""
        return self._rare("capture").finish(self)

    def _is_waiting(self):
        if self._state == _EXPOSING:
            is_over = not self.intact() or self._reg(_STATE) & _CAP_DONE
            return not is_over and self._within(self._since, _EXPOSE_MS)
        return self._state == _SETTLING and self._within(self._since, self._hold_ms)
