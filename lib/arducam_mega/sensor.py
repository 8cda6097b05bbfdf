"""Sensor registers, focus and self-test of an Arducam Mega; part of arducam_mega.

from arducam_mega import sensor
sensor.read(camera, 0x300A)         # chip id of an OV3640: 0x36
sensor.write(camera, 0x3001, 0x10)
sensor.self_test(camera)            # {"id": 130, "firmware": "2023-03-03", ...}
"""

import hashlib

from arducam_mega import CameraError, registers

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_TEST = const(0x00)
_TESTPAT = const(0x06)
_COUNTER = const(0x80)  # bit of TESTPAT: a 32-bit counter instead of a picture
_RESET = const(0x07)
_I2C_READ = const(0x01)
_I2C_REG_H = const(0x0B)
_I2C_REG_L = const(0x0C)
_I2C_VAL = const(0x0D)  # writing it starts the transfer
_I2C_VAL_H = const(0x0E)
_AUTOFOCUS = const(0x29)
_SINGLE = const(1)
_FW_YEAR = const(0x41)
_SENSOR_DATA = const(0x48)
_FPGA_VERSION = const(0x49)
_MARK = const(0x55)

_OV5640 = const(0x81)
_FOCUS_STATUS = const(0x3029)
_FOCUSED = const(0x10)
_FOCUS_HIGH = const(0x3603)
_FOCUS_LOW = const(0x3602)
_WIDE_IDS = (0x83, 0x84)
_READ_MS = const(10)  # 5 ms is enough
_FOCUS_TRIES = const(250)  # of 20 ms


def read(camera, address):
    """Return the low byte of the sensor's register `address` (16 bits)."""
    registers.secure(camera)
    registers.write(camera, _I2C_REG_H, address >> 8)
    registers.write(camera, _I2C_REG_L, address & 0xFF)
    registers.write(camera, _RESET, _I2C_READ)
    camera._clock.sleep_ms(_READ_MS)
    return camera._reg(_SENSOR_DATA)


def write(camera, address, value):
    """Write the sensor's register `address`: 8 bits, or 16 bits on ids 0x83 and 0x84."""
    registers.secure(camera)
    registers.write(camera, _I2C_REG_H, address >> 8)
    registers.write(camera, _I2C_REG_L, address & 0xFF)
    if camera.id in _WIDE_IDS:
        registers.write(camera, _I2C_VAL_H, value >> 8)
    registers.write(camera, _I2C_VAL, value & 0xFF)


def focus(camera, position=None):
    """Focus once and return the sensor's raw status (0x10: in focus), or None if it has none.

    With `position` (0 to 1023), move the lens there instead. Raises ValueError if the model does
    not offer that.
    """
    registers.secure(camera)
    focusing = camera.settings.get("autofocus")
    if focusing is None:
        raise ValueError(f"{_name(camera)}: no autofocus; only ids 0x81 and 0x83 (5MP) have it")
    if position is not None and (camera.id != _OV5640 or not 0 <= position <= 1023):
        raise ValueError(
            f"{_name(camera)}: focus position {position} is not offered; 0 to 1023 on id 0x81 only"
        )
    if focusing == "off":
        raise ValueError('focus is off; configure(autofocus="single") first')
    if position is not None:
        return _move(camera, position)
    registers.write(camera, _AUTOFOCUS, _SINGLE)
    return _focused(camera) if camera.id == _OV5640 else None


def _name(camera):
    from arducam_mega import settings

    return settings.model(camera)._NAME


def _move(camera, position):
    write(camera, _FOCUS_HIGH, position >> 4 & 0x3F)
    write(camera, _FOCUS_LOW, position << 4 & 0xF0)


def _focused(camera):
    status = read(camera, _FOCUS_STATUS)
    for _ in range(_FOCUS_TRIES):
        if status == _FOCUSED:
            break
        camera._clock.sleep_ms(20)
        status = read(camera, _FOCUS_STATUS)
    return status


def self_test(camera):
    """Check the wires in both directions, and the FIFO with the test pattern.

    Returns a dict with id, firmware (a date), fpga and pattern_bytes. Raises CameraError "dead" if
    a register does not keep a value, "blank" if two test patterns differ. Restores all settings.
    """
    registers.secure(camera)
    for value in (0xAA, 0x00, 0xFF, _MARK):
        camera._reg(_TEST, value)
        got = camera._reg(_TEST)
        if got != value:
            raise CameraError(
                "dead", f"scratch register holds {got:#x}, not {value:#x}; check MOSI"
            )
    year, month, day = [camera._reg(_FW_YEAR + i) for i in range(3)]
    return {
        "id": camera.id,
        "firmware": f"20{year & 0x3F:02}-{month & 0x0F:02}-{day & 0x1F:02}",
        "fpga": camera._reg(_FPGA_VERSION),
        "pattern_bytes": _compare_patterns(camera),
    }


def _compare_patterns(camera):
    before = camera.settings
    kept = dict(camera._chosen), camera._program, camera._pixels, camera._raw
    is_over = False
    try:
        camera.configure(format="rgb565", resolution="128x128", mode="still")
        size, same = _take_patterns(camera)
        camera.configure(**before)
        is_over = True
    finally:
        if not is_over:
            # The camera may still have the pattern's settings: the next use restores the old ones.
            camera._chosen, camera._program, camera._pixels, camera._raw = kept
            camera.id = 0
    if not same:
        raise CameraError("blank", "two test patterns differ; check wiring, or slow down the bus")
    return size


def _take_patterns(camera):
    pattern = camera._reg(_TESTPAT)
    camera._reg(_TESTPAT, pattern | _COUNTER)
    try:
        frame = camera.capture()
        return frame.size, _digest(frame) == _digest(camera.capture())
    finally:
        camera._reg(_TESTPAT, pattern & ~_COUNTER)


def _digest(frame):
    # Not in blocks of 4092 bytes: a fragmented heap may have no free block of 4 KB.
    buf = bytearray(1020)
    digest = hashlib.sha256()
    frame.prepare(buf)
    count = frame.readinto(buf)
    while count:
        digest.update(memoryview(buf)[:count])
        count = frame.readinto(buf)
    return digest.digest()
