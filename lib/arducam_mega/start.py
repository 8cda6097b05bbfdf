"""Begin a capture of an Arducam Mega; part of arducam_mega. capture.py checks and finishes it."""

from arducam_mega import CameraError
from arducam_mega.registers import secure, wait

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# Register names are those of the application note "Mega SPI Camera Series".
_FIFO_CTRL = const(0x04)

_CLEAR_DONE = const(0x01)
_START = const(0x02)
_IDLE_MASK = const(0x03)
_IDLE = const(0x02)
_CAP_DONE = const(0x04)

_IDLE_MS = const(1000)

_SETTLING = const(1)
_EXPOSING = const(2)


def start(camera):
    """See ArducamMega.start()."""
    secure(camera)
    if camera._asleep:
        camera.wake()
    camera.frame = None
    camera._tries = 0
    camera._state = _SETTLING
    try:
        if not camera._within(camera._since, camera._hold_ms):
            _trigger(camera)
    except CameraError as e:
        from arducam_mega import capture

        capture._recover(camera, e)


def _trigger(camera):
    camera._reg(_FIFO_CTRL, _CLEAR_DONE)
    wait(camera, _IDLE_MASK | _CAP_DONE, _IDLE, _IDLE_MS)
    camera._reg(_FIFO_CTRL, _START)
    camera._since = camera._clock.ticks_ms()
    camera._hold_ms = 0
    camera._state = _EXPOSING
