"""Shows the camera's SPI traffic register by register, as a logic analyzer does."""

from collections.abc import Callable

from megacam.sim import camera_models as reg
from megacam.sim.camera import CameraModel, Transaction

_SHOWN_BYTES = 8
_CONTROL_BITS = {reg.FIFO_CTRL: {0x01: "clear done flag", 0x02: "start capture"}}
_CONTROL_BITS[reg.RESET] = {
    0x80: "flush FIFO",
    0x40: "reset camera and sensor",
    0x02: "reset I2C",
    0x01: "read sensor register",
}
_CONTROL_BITS[reg.AUTO_CTRL] = {0x80: "auto on"}
_LEVELS = (reg.BRIGHTNESS, reg.CONTRAST, reg.SATURATION, reg.EV)
_WORDS = {
    reg.FORMAT: reg.FORMATS,
    reg.JPEG_QUALITY: dict(enumerate(reg.QUALITIES)),
    reg.POWER: {0x05: "sensor on", 0x07: "power-down"},
    reg.WB_MODE: dict(enumerate(("auto", "sunny", "office", "cloudy", "home"))),
    reg.ROTATION: {0: "0 degrees", 1: "180 degrees"},
    reg.AUTOFOCUS: dict(enumerate(("init", "single", "continuous", "pause", "off"))),
}


class Decoder:
    """A listener for `model.listeners`: calls `show(line)` for every transaction.

    Equal register reads in a row (polling) become one line with a count, shown when they end; call
    `flush()` at the end. Violations follow the line that they belong to, marked with `!!`.
    """

    def __init__(self, model: CameraModel, show: Callable[[str], None]):
        self._model = model
        self._show = show
        self._names = reg.register_names(model.kind)
        self._violations = len(model.violations)
        self._polled: Transaction | None = None
        self._polls = 0

    def __call__(self, transaction: Transaction) -> None:
        if self._repeats(transaction):
            self._polls += 1
            return
        self._end_polling()
        if self._is_read(transaction):
            self._polled = transaction
        self._show(self.line(transaction))
        self._show_violations()

    def flush(self) -> None:
        """Show the lines that are still held back."""
        self._end_polling()
        self._show_violations()

    def _end_polling(self) -> None:
        if self._polls:
            self._show(f"{'':11}  ... {self._polls} more with the same answer")
        self._polled, self._polls = None, 0

    def _show_violations(self) -> None:
        for text in self._model.violations[self._violations :]:
            self._show(f"{'':11}  !! {text}")
        self._violations = len(self._model.violations)

    def _is_read(self, t: Transaction) -> bool:
        return t.size == 3 and t.mosi[0] < 0x80 and t.mosi[0] != reg.SINGLE_READ

    def _repeats(self, t: Transaction) -> bool:
        before = self._polled
        if before is None or not self._is_read(t) or t.mosi[0] != before.mosi[0]:
            return False
        news = len(self._model.violations) > self._violations
        return not news and self._answer(t) == self._answer(before)

    def _answer(self, t: Transaction) -> str | int:
        # Noise in the upper bits of STATE does not count as another answer.
        return self._answered(t.mosi[0], t.miso[2]) or t.miso[2]

    def line(self, t: Transaction) -> str:
        """Return one line: time in ms, bytes out, bytes in, and what they mean."""
        out, back = t.mosi[:_SHOWN_BYTES], t.miso[:_SHOWN_BYTES]
        if self._is_burst(t):
            out = t.mosi[:1]
        more = " .." if t.size > len(back) else ""
        sent, came = out.hex(" "), back.hex(" ") + more
        return f"{t.start_us / 1000:11.3f}  {sent:8} | {came:8} | {self._meaning(t)}"

    @staticmethod
    def _is_burst(t: Transaction) -> bool:
        return t.mosi[0] == reg.BURST_READ

    def _meaning(self, t: Transaction) -> str:
        command = t.mosi[0]
        if self._is_burst(t):
            return self._burst(t)
        if command == reg.SINGLE_READ:
            return f"SINGLE_READ FIFO[{t.fifo_position}]"
        address = command & 0x7F
        name = self._names.get(address, f"register {address:#04x}")
        if command & 0x80:
            if t.size < 2:
                return f"{name} <- nothing (cut off)"
            return f"{name} <- {t.mosi[1]:#04x}{self._written(address, t.mosi[1])}"
        if t.size < 3:
            return f"{name} -> nothing (cut off)"
        return f"{name} -> {t.miso[2]:#04x}{self._answered(address, t.miso[2])}"

    def _burst(self, t: Transaction) -> str:
        dummy = 1 if t.had_dummy else 0
        data = t.size - 1 - dummy
        first = t.fifo_position
        note = "first burst, dummy dropped" if dummy else "next burst"
        return f"BURST_READ FIFO[{first}:{first + data}], {data} bytes ({note})"

    def _written(self, address: int, value: int) -> str:
        if address in _CONTROL_BITS:
            bits = _CONTROL_BITS[address].items()
            words = [word for bit, word in bits if value & bit]
            return "  " + ", ".join(words) if words else ""
        if address == reg.RESOLUTION:
            size = self._model.kind.sizes.get(value & 0x7F)
            video = " video" if value & 0x80 else ""
            return f"  {size[0]}x{size[1]}{video}" if size else "  unknown size"
        if address in _LEVELS:
            return f"  {reg.signed_level(value):+d}"
        word = _WORDS.get(address, {}).get(value)
        return f"  {word}" if word else ""

    def _answered(self, address: int, value: int) -> str:
        if address == reg.STATE:
            words = ["idle" if value & 0x03 == 2 else "busy"]
            words += ["capture done"] if value & 0x04 else []
            words += ["still at work"] if value & 0x08 else []
            return "  " + ", ".join(words)
        if address == reg.SENSOR_ID:
            known = {kind.sensor_id: kind.name for kind in reg.KINDS.values()}
            return f"  {known.get(value, 'no camera')}"
        return ""
