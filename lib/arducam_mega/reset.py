"""Find, identify and reset an Arducam Mega; part of arducam_mega, loaded when needed."""

from arducam_mega import CameraError
from arducam_mega.registers import hold, run, wait, write

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_TEST = const(0x00)
_FRAME_COUNT = const(0x01)
_POWER = const(0x02)
_DATA_SRC = const(0x05)
_TESTPAT = const(0x06)
_RESET = const(0x07)
_I2C_DEV = const(0x0A)
_SENSOR_ID = const(0x40)

_RESET_ALL = const(0x40)  # FPGA and sensor
_SENSOR_ADDRESS = const(0x78)  # on the camera's own I2C bus, the same on every model
_IDLE_MASK = const(0x03)
_IDLE = const(0x02)
_FIRST_ID = const(0x81)
_NEW_FAMILY = const(0x85)
_LAST_ID = const(0x87)
_MARK = const(0x55)  # see ArducamMega.intact()

# Each of these can outlive a restart of the board: asleep, simulated data, test pattern.
_LEFT_OVER = ((_POWER, 0x02), (_DATA_SRC, 0x80), (_TESTPAT, 0x80))
# JPEG, 640x480, and automatic exposure, gain and white balance; a 3MP stays green until 0x26 has
# been written.
_FIRST = b"\x20\x01\x21\x02\x30\x81\x30\x80\x30\x82\x26\x00"
_FIRST_NEW = b"\x20\x01\x21\x05\x30\x81\x30\x80\x30\x82\x26\x00"

_OFF = const(0)  # no capture is under way

_FIND_MS = const(2000)
_RESET_MS = const(3000)  # 1.5 s measured on a 3MP
_RESET_BUSY_MS = const(50)  # an idle state that is read earlier can be stale
_SETTLE_MS = const(400)  # an earlier trigger gives blank frames until the next reset
_POLL_MS = const(10)  # a shorter sleep spins on the ESP32


def restore(camera):
    """Reset the camera and write its settings again; raises CameraError, see ArducamMega.reset."""
    camera.frame = None
    camera._state = _OFF
    camera.id = 0
    camera._asleep = False
    camera._to_discard = camera.discard
    camera._last_size = 0
    found = _find(camera)
    for address, bit in _LEFT_OVER:
        value = camera._reg(address)
        if value & bit:
            camera._reg(address, value & ~bit)
    camera._reg(_RESET, _RESET_ALL)
    camera._clock.sleep_ms(_RESET_BUSY_MS)
    wait(camera, _IDLE_MASK, _IDLE, _RESET_MS)
    write(camera, _I2C_DEV, _SENSOR_ADDRESS)
    camera._reg(_FRAME_COUNT, camera._extra_frames)
    camera._reg(_TEST, _MARK)
    camera._marked = camera._reg(_TEST) == _MARK
    camera.id = found
    if not camera._program:
        camera._program = _FIRST_NEW if found >= _NEW_FAMILY else _FIRST
    run(camera, camera._program)
    hold(camera, max(camera.settle_ms, _SETTLE_MS))


def _find(camera):
    since = camera._clock.ticks_ms()
    while True:
        found = camera._reg(_SENSOR_ID)
        nothing = found in (0, 0xFF)
        if _FIRST_ID <= found <= _LAST_ID or (camera.accept_unknown and not nothing):
            return found
        if not camera._within(since, _FIND_MS):
            break
        camera._clock.sleep_ms(_POLL_MS)
    if nothing:
        raise CameraError("absent", f"no camera: id reads {found:#x}; check power and wiring")
    raise CameraError("unknown", f"camera id {found:#x} is unknown; see accept_unknown")
