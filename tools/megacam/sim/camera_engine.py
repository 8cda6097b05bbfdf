"""The camera behind the SPI pins: registers, busy times, power, captures and the FIFO."""

from collections.abc import Callable

from megacam.sim import camera_capture
from megacam.sim import camera_models as reg
from megacam.sim.camera_blanks import Blanks
from megacam.sim.camera_capture import Capture
from megacam.sim.camera_faults import Faults
from megacam.sim.camera_fifo import OVERFULL_LENGTH, Fifo, FrameRecord
from megacam.sim.camera_models import CameraKind
from megacam.sim.camera_sensor import Sensor
from megacam.sim.frame_sources import FrameSource
from megacam.sim.virtual_clock import VirtualClock

KEPT_FRAMES = 32  # records that keep their bytes

_RESET_US = 60_000  # measured: longer than 42 ms
_SLOW_RESET_US = 1_500_000
_STALE_IDLE_US = 2_000
_POWER_UP_US = 800_000
_BROWN_OUT_US = 300_000
_DEATH_US = 500_000
_SIZE_US, _FORMAT_US = 9_000, 8_000  # measured: 17 ms for both
_SETTING_US = 2_000
_I2C_US = 1_000
_SENSOR_READ_US = 3_000  # the vendor waits 5 ms; measured: 2 ms are enough
_FOCUS_INIT_US = 1_200_000  # downloads the autofocus firmware
_AUTO_CTRL_STATE1_US = 12_000
_BUSY_US = {reg.RESOLUTION: _SIZE_US, reg.FORMAT: _FORMAT_US}
_AWAKE = 0x05  # POWER: sensor on, not in power-down, not in reset
_SENSOR_LINES = 0x05  # POWER: without one of these the sensor forgets its settings
_MAX_RAW_PIXELS = 1920 * 1080  # application note: raw formats end at 1080p


class Engine:
    """The camera without its bus. `complain(text)` is called for all that a host must not do.

    `tick()` updates the state to the current time; the bus calls it before every transaction.
    """

    def __init__(
        self,
        kind: CameraKind,
        faults: Faults,
        source: FrameSource,
        clock: VirtualClock,
        complain: Callable[[str], None],
    ):
        self.kind = kind
        self.faults = faults
        self.source = source
        self.frames: list[FrameRecord] = []
        self.fifo = Fifo()
        self.sensor = Sensor(kind, faults)
        self._clock = clock
        self._report = complain
        self._accepted = reg.accepted_values(kind)
        self._names = reg.register_names(kind)
        self._state_reads = 0
        self.power_on(clock.now_us)
        self._inherit()

    def power_on(self, now_us: int) -> None:
        """Start without any state, as when the supply comes up; the host does not notice."""
        self.registers = dict(reg.DEFAULTS)
        self._off_until_us: int | None = None
        self._fails_us: int | None = None
        mute = self.faults.strike("slow-power-up")
        self._mute_until_us = now_us + _POWER_UP_US if mute else now_us
        self._reset(now_us)
        self._excused = True  # the host cannot know yet

    def _inherit(self) -> None:
        # The camera was powered long before the host started, perhaps used by another one.
        self._busy_until_us = 0
        self._excused = False
        if self.faults.strike("test-pattern-left-on"):
            self.registers[reg.TESTPAT] = 0x81
        if "frame-count-left-over" in self.faults:
            self.registers[reg.FRAME_COUNT] = 2

    def _reset(self, now_us: int) -> None:
        kept = {reg.TESTPAT: self.registers[reg.TESTPAT]}  # measured: survives a reset
        if "frame-count-left-over" in self.faults:
            kept[reg.FRAME_COUNT] = self.registers.get(reg.FRAME_COUNT, 0)
        self.registers = {**reg.DEFAULTS, **kept}
        self.sensor.reset(now_us)
        self._flush()
        self._stuck = self._overfull = False
        self._blanks = Blanks(self.faults, now_us)
        self._quiet_until_us = self._state1_until_us = 0
        self._sensor_read_us: int | None = None
        self._busy_until_us = now_us + _RESET_US

    def _flush(self) -> None:
        self.fifo.clear()
        self._capture: Capture | None = None
        self.done = self.frame_ready = False
        self.length = 0

    def _complain(self, text: str) -> None:
        if not self._excused:
            self._report(text)

    @property
    def alive(self) -> bool:
        """Return whether the camera has power and answers."""
        return self._off_until_us is None and self._clock.now_us >= self._mute_until_us

    @property
    def busy(self) -> bool:
        """Return whether the camera is really busy with a write (a stuck idle bit is a fault)."""
        return self._clock.now_us < max(self._busy_until_us, self._state1_until_us)

    @property
    def capturing(self) -> bool:
        """Return whether a capture is running that will end."""
        due_us = self._capture.due_us if self._capture else None
        return due_us is not None and self._clock.now_us < due_us

    def tick(self) -> None:
        """Do everything that is due by now."""
        now_us = self._clock.now_us
        if self._fails_us is not None and now_us >= self._fails_us:
            self._lose_power(self._fails_us + _BROWN_OUT_US)
        if self._off_until_us is not None:
            if now_us < self._off_until_us:
                return
            self.power_on(self._off_until_us)
        if self._capture and self._capture.due_us is not None and now_us >= self._capture.due_us:
            self._finish(self._capture)
        if self._sensor_read_us is not None and now_us >= self._sensor_read_us:
            self._sensor_read_us = None
            value = self.sensor.read_register(self._sensor_address, now_us)
            self.registers[reg.SENSOR_DATA] = value if self._addressed else 0xFF

    def _lose_power(self, until_us: int) -> None:
        self._off_until_us = until_us
        self._fails_us = None
        self._flush()
        self._excused = True

    # Reading.

    def read(self, address: int) -> int:
        """Return the value of a register as the host sees it; write-only ones read 0."""
        if address == reg.STATE:
            return self._state()
        if reg.FIFO_LEN0 <= address <= reg.FIFO_LEN2:
            if not self.frame_ready:
                self._complain("length read before a capture was done (stale length)")
            return self.length >> 8 * (address - reg.FIFO_LEN0) & 0xFF
        if address == reg.SENSOR_ID:
            return self.kind.sensor_id
        if address in reg.READABLE or address == reg.SENSOR_DATA:
            return self.registers.get(address, 0)
        return reg.CONSTANTS.get(address, 0)

    def _state(self) -> int:
        now_us = self._clock.now_us
        working = (now_us < self._busy_until_us or self._stuck) and now_us >= self._quiet_until_us
        self._state_reads += 1
        noise = 0x20 if self._state_reads % 2 else 0x00  # 0x22 was seen on an idle camera
        state1 = 0x08 if now_us < self._state1_until_us else 0
        return noise | state1 | (0x04 if self.done else 0) | (0x01 if working else 0x02)

    def read_fifo(self, size: int, opcode: int) -> bytes:
        """Clock `size` bytes out of the FIFO for opcode 0x3C or 0x3D."""
        fifo = self.fifo
        if not self.frame_ready:
            self._complain("FIFO read before a capture was done")
        elif fifo.opcode not in (0, opcode):
            self._complain("0x3C and 0x3D mixed on one frame")
        if self.frame_ready and size > fifo.left:
            self._complain(f"over-read: {size - fifo.left} bytes past the FIFO's end")
        fifo.opcode = opcode
        if fifo.dies_at is not None and fifo.position + size > fifo.dies_at:
            alive = fifo.take(fifo.dies_at - fifo.position)
            self._note_progress()
            self._lose_power(self._clock.now_us + _DEATH_US)
            return alive + bytes(size - len(alive))
        data = fifo.take(size)
        self._note_progress()
        return data

    def _note_progress(self) -> None:
        if self.frame_ready:
            self.frames[-1].read_bytes = min(self.fifo.position, len(self.fifo.data))

    # Writing.

    def write(self, address: int, value: int) -> None:
        """Handle a register write: complain about what is wrong with it, then apply it."""
        value = self._while_busy(address, value) if self._busy_matters(address, value) else value
        if value < 0 or not self._is_offered(address, value):
            return
        if self.capturing and address not in (reg.FIFO_CTRL, reg.RESET):
            self._complain(f"{self._names[address]} written while a capture runs")
        if address == reg.FIFO_CTRL:
            self._control_fifo(value)
        elif address == reg.RESET:
            self._control_reset(value)
        elif address == reg.POWER:
            self._set_power(value)
        elif reg.I2C_DEV <= address <= reg.I2C_VAL_H:
            self._access_sensor(address, value)
        elif address >= reg.FORMAT:
            self._set(address, value)
        else:
            self.registers[address] = value

    def _busy_matters(self, address: int, value: int) -> bool:
        return self.busy and not (address == reg.RESET and value & 0x40)

    def _while_busy(self, address: int, value: int) -> int:
        name = self._names.get(address, f"{address:#04x}")
        self._complain(f"{name} written while the camera was busy")
        if self.faults.strike("second-write-dropped"):
            return -1
        return value ^ 1 if self.faults.strike("second-write-corrupts") else value

    def _is_offered(self, address: int, value: int) -> bool:
        name = self._names.get(address)
        if name is None:
            self._report(f"write to {address:#04x}, a register that does not exist")
        elif address >= reg.SENSOR_ID or address in (reg.BURST_READ, reg.SINGLE_READ):
            self._report(f"write to {name}, which is read-only")
        elif address not in self._accepted:
            self._report(f"{name} is not offered by the {self.kind.word}")
        elif value not in self._accepted[address]:
            self._report(f"{name} = {value:#04x} is not offered by the {self.kind.word}")
        else:
            return True
        return False

    def _be_busy(self, duration_us: int) -> None:
        self._busy_until_us = self._clock.now_us + duration_us
        self._stuck = self.faults.strike("idle-stuck")

    def _control_reset(self, value: int) -> None:
        now_us = self._clock.now_us
        if value & 0x40:
            self._reset(now_us)
            self._excused = False
            self._be_busy(_SLOW_RESET_US if self.faults.strike("slow-reset") else _RESET_US)
            if self.faults.strike("stale-idle"):
                self._quiet_until_us = now_us + _STALE_IDLE_US
            return
        if value & 0x80:
            self._flush()
        if value & 0x01:
            self._check_i2c_address()
            self._sensor_read_us = now_us + _SENSOR_READ_US
        self._be_busy(_SENSOR_READ_US if value & 0x01 else _I2C_US)

    def _set_power(self, value: int) -> None:
        before = self.registers[reg.POWER]
        self.registers[reg.POWER] = value
        if value & _SENSOR_LINES != _SENSOR_LINES:
            self.sensor.reset(self._clock.now_us)
        if value & 0x07 == _AWAKE and before & 0x07 != _AWAKE:
            self._wake()

    def _wake(self) -> None:
        now_us = self._clock.now_us
        self._blanks.note_wake(now_us)
        self.sensor.restart_exposure(now_us)

    @property
    def _asleep(self) -> bool:
        return self.registers[reg.POWER] & 0x07 != _AWAKE or self.sensor.asleep

    # The sensor's own registers, over I2C.

    @property
    def _sensor_address(self) -> int:
        return self.registers.get(reg.I2C_REG_H, 0) << 8 | self.registers.get(reg.I2C_REG_L, 0)

    @property
    def _addressed(self) -> bool:
        return self.registers.get(reg.I2C_DEV) == reg.I2C_ADDRESS

    def _check_i2c_address(self) -> None:
        if not self._addressed:
            self._complain(f"sensor accessed while I2C_DEV is not {reg.I2C_ADDRESS:#04x}")

    def _access_sensor(self, address: int, value: int) -> None:
        self.registers[address] = value
        if address == reg.I2C_VAL:
            self._check_i2c_address()
            if self._addressed:
                self._write_sensor(value)
        self._be_busy(_I2C_US)

    def _write_sensor(self, value: int) -> None:
        high = self.registers.get(reg.I2C_VAL_H, 0) if self.kind.wide_sensor else 0
        was_asleep = self.sensor.asleep
        self.sensor.write_register(self._sensor_address, high << 8 | value)
        if was_asleep and not self.sensor.asleep:
            self._wake()

    # Settings.

    def _set(self, address: int, value: int) -> None:
        now_us = self._clock.now_us
        sensor = self.sensor
        held = sensor.settings.get(address) if sensor.size_was_written else None
        if address == reg.RESOLUTION and held == value:
            self._blanks.note_redundant(now_us)
        if address in (reg.RESOLUTION, reg.FORMAT) and held != value:
            self._note_change(now_us)
        was_asleep = sensor.asleep
        sensor.write_setting(address, value, now_us)
        if was_asleep and not sensor.asleep:
            self._wake()
        if address == reg.AUTO_CTRL and not self.kind.legacy:
            self._state1_until_us = now_us + _AUTO_CTRL_STATE1_US
        focus_init = address == reg.AUTOFOCUS and value == 0
        self._be_busy(_FOCUS_INIT_US if focus_init else _BUSY_US.get(address, _SETTING_US))

    def _note_change(self, now_us: int) -> None:
        """Note a new format or size: the frames after it may be blank or dark."""
        self._blanks.note_change(now_us)
        if "dark-after-change" in self.faults:
            self.sensor.restart_exposure(now_us)

    # Captures.

    def _control_fifo(self, value: int) -> None:
        if value & 0x01:
            self.done = False
        if value & 0x02:
            self._check_start()
            self._excused = False
            self._start()

    def _check_start(self) -> None:
        if self.capturing:
            self._complain("capture started while one runs")
        if self.done:
            self._complain("capture started without clearing the done flag")
        width, height = self.sensor.size
        if self.sensor.format != "jpeg" and width * height > _MAX_RAW_PIXELS:
            self._complain(f"{self.sensor.format} at {width}x{height} does not fit the FIFO")

    def _start(self) -> None:
        now_us = self._clock.now_us
        self._reset_by_itself(now_us)
        self.fifo.clear()
        self.frame_ready = False
        count = self.registers.get(reg.FRAME_COUNT, 0)
        lasts_us = camera_capture.duration_us(self.sensor, count, self.faults)
        ends = not (self._asleep or self.registers.get(reg.DATA_SRC, 0) & 0x80)
        ends = ends and not self.faults.strike("capture-stuck")
        counter = bool(self.registers[reg.TESTPAT] & 0x80)
        due_us = now_us + lasts_us if ends else None
        self._capture = Capture(now_us, due_us, count, self._blanks.is_blank(now_us), counter)
        if self.faults.strike("brown-out"):
            self._fails_us = now_us + lasts_us // 2

    def _reset_by_itself(self, now_us: int) -> None:
        if self.faults.strike("sensor-only-reset"):
            self.sensor.reset(now_us)
        if self.faults.strike("sensor-reset-in-field"):
            self.reset_in_field()

    def reset_in_field(self) -> None:
        """Reset the whole camera as 0x07 = 0x40 does, without the host knowing about it."""
        self._reset(self._clock.now_us)
        self._blanks.forget_reset()
        self._excused = True

    def _finish(self, capture: Capture) -> None:
        number = self.frames[-1].number + len(self.frames[-1].photos) if self.frames else 1
        record = camera_capture.expose(capture, self.sensor, self.source, self.faults, number)
        if self._overfull:
            record.fifo = b""  # measured: the capture after an overfull one has length 0
        self._overfull = len(record.fifo) == OVERFULL_LENGTH
        dies = record.fifo and self.faults.strike("dies-in-burst")
        self.fifo.load(record.fifo, len(record.fifo) // 2 if dies else None)
        self.length = camera_capture.reported_length(len(record.fifo), self.faults)
        self.frames.append(record)
        if len(self.frames) > KEPT_FRAMES:
            self.frames[-KEPT_FRAMES - 1].forget()
        self._capture = None
        self.done = self.frame_ready = True
