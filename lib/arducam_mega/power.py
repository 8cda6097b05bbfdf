"""Low-power mode of an Arducam Mega; part of arducam_mega. Import it to keep it loaded."""

from arducam_mega import CameraError
from arducam_mega.registers import hold, run, secure, write

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_POWER = const(0x02)
_RUN = const(0x05)  # sensor powered and out of reset
_POWER_DOWN = const(0x07)
_POWER_MODE = const(0x28)  # of the newer family
_NEW_FAMILY = const(0x85)
_WIDE_IDS = (0x83, 0x84)  # power goes through the sensor's own registers
_WAKE_MS = const(300)


def sleep(camera):
    """Enter low-power mode. The frame in the FIFO is lost, because not all models keep it."""
    secure(camera)
    camera.frame = None
    _switch(camera, 1)
    camera._asleep = True


def wake(camera):
    """Leave low-power mode; the next capture waits 300 ms and discards a frame."""
    try:
        if camera.id:
            _switch(camera, 0)
        if camera.id in _WIDE_IDS:
            run(camera, camera._program)  # they may not have kept their settings
    except CameraError:
        camera.id = 0
    if not camera.id:
        from arducam_mega import reset

        reset.restore(camera)  # which wakes it too
    camera._asleep = False
    hold(camera, _WAKE_MS)
    camera._to_discard = max(camera._to_discard, 1)
    camera._last_size = 0


def _switch(camera, low):
    if camera.id >= _NEW_FAMILY:
        write(camera, _POWER_MODE, low)
    elif camera.id in _WIDE_IDS:
        from arducam_mega import sensor

        for address, value in ((0x0028, 0xD000), (0x002A, 0x107E), (0x0F12, low)):
            sensor.write(camera, address, value)
    else:
        camera._reg(_POWER, _POWER_DOWN if low else _RUN)
