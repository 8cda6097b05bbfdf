"""The image sensor inside the camera: picture settings, exposure, autofocus, its own registers."""

from megacam.sim import camera_models as reg
from megacam.sim.camera_faults import Faults
from megacam.sim.camera_models import CameraKind
from megacam.sim.frame_sources import Shot

_CONVERGED_FRAMES = 15  # measured: automatic exposure needs about 15 frames
_FIRST_EXPOSURE = 1 / 16  # measured: the first frames are about 4 stops dark
_STREAM_FRAME_US = 67_000  # 15 frames a second while nothing is captured
_FOCUS_US = 400_000
_FOCUS_STATUS, _FOCUSED = 0x3029, 0x10  # OV5640 autofocus firmware
_AWAKE_SEQUENCE = {0x0028: 0xD000, 0x002A: 0x107E}  # address and value select the sleep register
_WIDE_SLEEP = 0x0F12


class Sensor:
    """State of the sensor; `settings` holds the values written to registers 0x20..0x35."""

    def __init__(self, kind: CameraKind, faults: Faults):
        self._kind = kind
        self._faults = faults
        self.reset(0)

    def reset(self, now_us: int) -> None:
        """Go back to 640x480 JPEG with everything automatic, as after power-on."""
        self.settings: dict[int, int] = {reg.FORMAT: 1}
        self.size_code = self._kind.default_size_code
        self.video = False
        self.size_was_written = False
        self.registers = dict(self._kind.chip_id)
        self._white_balanced = False
        self._focused_us: int | None = None
        self.restart_exposure(now_us)

    def restart_exposure(self, now_us: int) -> None:
        """Restart the convergence, as after a reset or after sleep."""
        self._streaming_since_us = now_us
        self._captured_frames = 0

    def write_setting(self, address: int, value: int, now_us: int) -> None:
        """Write one of the registers 0x20 to 0x35; the value has been checked for this model."""
        changed = self.settings.get(address) != value
        if address == reg.RESOLUTION:
            self.size_code, self.video = value & 0x7F, bool(value & 0x80)
            self.size_was_written = True
        elif address == reg.FORMAT and value == 0:
            return  # "basic configuration": no format of its own
        elif address == reg.FORMAT and changed and not self._kind.legacy:
            self._forget_size()
        elif address == reg.WB_MODE:
            self._white_balanced = True
        elif address == reg.AUTOFOCUS:
            self._focused_us = now_us + _FOCUS_US if value < 3 else None
        self.settings[address] = value

    def _forget_size(self) -> None:
        # From id 0x85 on, the vendor's software writes 0x21 again after every change of 0x20.
        self.size_code = self._kind.default_size_code
        self.settings.pop(reg.RESOLUTION, None)
        self.size_was_written = False

    def write_register(self, address: int, value: int) -> None:
        """Write one of the sensor's own registers, by its 16-bit address."""
        self.registers[address] = value

    def read_register(self, address: int, now_us: int) -> int:
        """Return the low byte of one of the sensor's own registers."""
        if address == _FOCUS_STATUS and self._kind.autofocus and self._focused_us is not None:
            return _FOCUSED if now_us >= self._focused_us else 0x00
        return self.registers.get(address, 0) & 0xFF

    @property
    def asleep(self) -> bool:
        """Return whether the sensor was put into low power through its own registers or 0x28."""
        if not self._kind.legacy:
            return self.settings.get(reg.POWER_MODE) == 1
        selected = all(self.registers.get(a) == v for a, v in _AWAKE_SEQUENCE.items())
        return self._kind.wide_sensor and selected and self.registers.get(_WIDE_SLEEP) == 1

    @property
    def format(self) -> str:
        return reg.FORMATS[self.settings[reg.FORMAT]]

    @property
    def quality(self) -> str:
        return reg.QUALITIES[self.settings.get(reg.JPEG_QUALITY, 1)]

    @property
    def size(self) -> tuple[int, int]:
        """Return (width, height) in pixels."""
        return self._kind.sizes[self.size_code]

    def exposure(self, now_us: int) -> float:
        """Return the brightness that automatic exposure has reached, 1/16 to 1."""
        if not {"dark-first-frames", "dark-after-change"} & {*self._faults}:
            return 1.0
        frames = float(self._captured_frames)
        if "exposure-needs-captures" not in self._faults:
            frames += (now_us - self._streaming_since_us) / _STREAM_FRAME_US
        return float(_FIRST_EXPOSURE ** max(0.0, 1 - frames / _CONVERGED_FRAMES))

    def shot(self, number: int, time_us: int) -> Shot:
        """Expose one frame; return its exposure and settings for the picture source."""
        get = self.settings.get
        exposure = self.exposure(time_us)
        self._captured_frames += 1
        return Shot(
            number=number,
            time_us=time_us,
            exposure=exposure,
            white_balanced=self._white_balanced or "green-first-frames" not in self._faults,
            brightness=reg.signed_level(get(reg.BRIGHTNESS, 0)),
            contrast=reg.signed_level(get(reg.CONTRAST, 0)),
            saturation=reg.signed_level(get(reg.SATURATION, 0)),
            ev=reg.signed_level(get(reg.EV, 0)),
            white_balance=get(reg.WB_MODE, 0),
            effect=get(reg.EFFECT, 0),
            sharpness=get(reg.SHARPNESS, 0) if self._kind.sharpness else 0,
            rotated=bool(get(reg.ROTATION, 0)),
            video=self.video,
        )
