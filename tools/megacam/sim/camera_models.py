"""The models of the Arducam Mega: their ids, sizes, registers and the values these accept.

Written from the camera's documentation alone. The driver has its own tables, so that an error in
one of the two shows.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

TEST = 0x00
FRAME_COUNT = 0x01
POWER = 0x02
FIFO_CTRL = 0x04
DATA_SRC = 0x05
TESTPAT = 0x06
RESET = 0x07
I2C_DEV = 0x0A
I2C_REG_H = 0x0B
I2C_REG_L = 0x0C
I2C_VAL = 0x0D
I2C_VAL_H = 0x0E
FORMAT = 0x20
RESOLUTION = 0x21
BRIGHTNESS = 0x22
CONTRAST = 0x23
SATURATION = 0x24
EV = 0x25
WB_MODE = 0x26
EFFECT = 0x27
SHARPNESS = 0x28  # ids below 0x85; the newer ones have POWER_MODE at this address
POWER_MODE = 0x28
AUTOFOCUS = 0x29
JPEG_QUALITY = 0x2A
ROTATION = 0x2B
AE_FREEZE = 0x2C
AWB_FREEZE = 0x2D
AUTO_CTRL = 0x30
GAIN_H = 0x31
GAIN_L = 0x32
EXP_H = 0x33
EXP_M = 0x34
EXP_L = 0x35
BURST_READ = 0x3C
SINGLE_READ = 0x3D
SENSOR_ID = 0x40
FW_YEAR = 0x41
FW_MONTH = 0x42
FW_DAY = 0x43
STATE = 0x44
FIFO_LEN0 = 0x45
FIFO_LEN1 = 0x46
FIFO_LEN2 = 0x47
SENSOR_DATA = 0x48
FPGA_VERSION = 0x49
REGISTER_NAMES = {value: name for name, value in list(globals().items()) if name.isupper()}

# Power-on values of the registers that can be read back; all others start at 0.
DEFAULTS = {POWER: 0x05, TESTPAT: 0x01}
READABLE = frozenset((TEST, FRAME_COUNT, POWER, DATA_SRC, TESTPAT, I2C_DEV, I2C_REG_H, I2C_REG_L))
CONSTANTS = {FW_YEAR: 23, FW_MONTH: 3, FW_DAY: 3, FPGA_VERSION: 0x20}
I2C_ADDRESS = 0x78  # of the image sensor, on every model

FORMATS = {1: "jpeg", 2: "rgb565", 3: "yuv422"}
QUALITIES = ("high", "medium", "low")

_LEGACY_SIZES = {
    0x0A: (96, 96),
    0x0B: (128, 128),
    0x01: (320, 240),
    0x0C: (320, 320),
    0x02: (640, 480),
    0x04: (1280, 720),
    0x06: (1600, 1200),
    0x07: (1920, 1080),
}
_NEW_SIZES = {
    0x00: (96, 96),
    0x01: (128, 128),
    0x02: (160, 120),
    0x03: (320, 240),
    0x04: (320, 320),
    0x05: (640, 480),
    0x06: (800, 600),
    0x07: (1024, 768),
    0x08: (1280, 720),
    0x09: (1280, 1024),
    0x0A: (1600, 1200),
}
_NEW_1080P = {0x0B: (1920, 1080)}
_NEW_QXGA = {0x0C: (2048, 1536)}
_OV3640_ID = {0x300A: 0x36, 0x300B: 0x4C}
_OV5640_ID = {0x300A: 0x56, 0x300B: 0x40}

# Quirks of the 3MP that were measured on a real part; they are on unless a test turns them off.
_MEASURED_QUIRKS = ("redundant-0x21-blanking", "early-trigger-blanking")


@dataclass(frozen=True)
class CameraKind:
    """One model of the Mega; `sizes` maps the code in register 0x21 to (width, height)."""

    word: str
    sensor_id: int
    name: str
    sizes: Mapping[int, tuple[int, int]]
    light_yellow: bool = False  # effect 9 exists
    sharpness: bool = False
    autofocus: bool = False
    wide_sensor: bool = False  # 16-bit sensor registers; low power goes through them
    chip_id: Mapping[int, int] = field(default_factory=dict)  # sensor registers at power-on
    quirks: tuple[str, ...] = ()

    @property
    def legacy(self) -> bool:
        """Return whether size codes and registers are those of the ids below 0x85."""
        return self.sensor_id < 0x85

    @property
    def default_size_code(self) -> int:
        """Return the code of 640x480, which the sensor produces after a reset."""
        return 0x02 if self.legacy else 0x05


_KINDS = (
    CameraKind(
        "5mp",
        0x81,
        "5MP_1",
        {**_LEGACY_SIZES, 0x09: (2592, 1944)},
        autofocus=True,
        chip_id=_OV5640_ID,
    ),
    CameraKind(
        "3mp",
        0x82,
        "3MP_1",
        {**_LEGACY_SIZES, 0x08: (2048, 1536)},
        light_yellow=True,
        sharpness=True,
        chip_id=_OV3640_ID,
        quirks=_MEASURED_QUIRKS,
    ),
    CameraKind(
        "5mp-v2",
        0x83,
        "5MP_2",
        {**_LEGACY_SIZES, 0x09: (2592, 1936)},
        autofocus=True,
        wide_sensor=True,
    ),
    CameraKind(
        "3mp-v2",
        0x84,
        "3MP_2",
        {**_LEGACY_SIZES, 0x08: (2048, 1536)},
        light_yellow=True,
        sharpness=True,
        wide_sensor=True,
    ),
    CameraKind(
        "5mp-2025",
        0x85,
        "5MP",
        {**_NEW_SIZES, **_NEW_1080P, **_NEW_QXGA, 0x0D: (2592, 1944)},
    ),
    CameraKind(
        "3mp-2025", 0x86, "3MP", {**_NEW_SIZES, **_NEW_1080P, **_NEW_QXGA}, light_yellow=True
    ),
    CameraKind("2mp-2025", 0x87, "2MP", _NEW_SIZES, light_yellow=True),
)
KINDS = {kind.word: kind for kind in _KINDS}


def kind_of(model: str | int) -> CameraKind:
    """Return the model named by its word ("3mp") or its id (0x82); ValueError lists the words."""
    for kind in _KINDS:
        if model in (kind.word, kind.sensor_id):
            return kind
    shown = f"{model:#x}" if isinstance(model, int) else repr(model)
    raise ValueError(f"camera model {shown} is unknown; choose one of {', '.join(KINDS)}")


def accepted_values(kind: CameraKind) -> dict[int, Collection[int]]:
    """Return {register: values it accepts} of every register that a host may write."""
    byte = range(256)
    effects = set(range(7)) | ({9} if kind.light_yellow else set())
    accepted: dict[int, Collection[int]] = {
        **dict.fromkeys((TEST, FRAME_COUNT, POWER, DATA_SRC, TESTPAT), byte),
        FIFO_CTRL: (0x01, 0x02, 0x03),
        RESET: (0x01, 0x02, 0x40, 0x80, 0xC0),
        **dict.fromkeys((I2C_DEV, I2C_REG_H, I2C_REG_L, I2C_VAL), byte),
        FORMAT: range(4),
        RESOLUTION: {code | video for code in kind.sizes for video in (0x00, 0x80)},
        BRIGHTNESS: range(9),
        **dict.fromkeys((CONTRAST, SATURATION, EV), range(7)),
        WB_MODE: range(5),
        EFFECT: effects,
        JPEG_QUALITY: range(3),
        ROTATION: range(2),
        AUTO_CTRL: (0x00, 0x01, 0x02, 0x80, 0x81, 0x82),
        GAIN_H: byte if kind.wide_sensor else range(4 if kind.legacy else 1),
        **dict.fromkeys((GAIN_L, EXP_M, EXP_L), byte),
    }
    return accepted | _accepted_by_family(kind)


def _accepted_by_family(kind: CameraKind) -> dict[int, Collection[int]]:
    accepted: dict[int, Collection[int]] = {}
    if kind.legacy:
        accepted[EXP_H] = range(16)
    else:
        accepted[POWER_MODE] = range(2)
        accepted[AE_FREEZE] = accepted[AWB_FREEZE] = range(2)
    if kind.sharpness:
        accepted[SHARPNESS] = range(9)
    if kind.autofocus:
        accepted[AUTOFOCUS] = range(5)
    if kind.wide_sensor:
        accepted[I2C_VAL_H] = range(256)
    return accepted


def signed_level(code: int) -> int:
    """Return the level that a brightness, contrast, saturation or EV code stands for (+1 is 1)."""
    return (code + 1) // 2 if code % 2 else -code // 2


def register_names(kind: CameraKind) -> dict[int, str]:
    """Return {address: name} of all registers that exist."""
    return REGISTER_NAMES | {SHARPNESS: "SHARPNESS" if kind.legacy else "POWER_MODE"}
