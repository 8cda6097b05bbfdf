"""Check the GPIOs in the settings against the chip and against each other."""

from firmware.errors import ConfigError

# ESP32 data sheet, "Pin Definitions" and "Strapping Pins".
_ABSENT = (20, 24, 28, 29, 30, 31)
_FLASH = (6, 7, 8, 9, 10, 11)
_INPUT_ONLY = 34  # and above
_ADC1 = 32  # and above; the radio uses the other converter, ADC2
_OUTPUTS = (
    "spi.sck",
    "spi.mosi",
    "spi.cs",
    "led.pin",
    "spool.sd.sck",
    "spool.sd.mosi",
    "spool.sd.cs",
)
_DOUBTFUL = """
0 if pulled low at the start, the board stays in its bootloader
1 USB needs it: megacam cannot talk to the board without it
2 if pulled high, `megacam flash` cannot reach the board
3 USB needs it: megacam cannot talk to the board without it
5 if pulled low at the start, the timing of the SDIO slave changes
12 if pulled high at the start, the flash gets half its voltage, and the board does not start
15 if pulled low at the start, the chip's first messages are suppressed
"""


def _pins(settings):
    """Return [(name of a setting, its GPIO)] of the pins in use."""
    used = [("spi." + name, settings["spi." + name]) for name in ("sck", "mosi", "miso", "cs")]
    if settings["spool.sd.enabled"]:
        for name in ("sck", "mosi", "miso", "cs"):
            used.append(("spool.sd." + name, settings["spool.sd." + name]))
    for name in ("led.pin", "power.battery_pin", "trigger.pin"):
        if settings.get(name, -1) >= 0:
            used.append((name, settings[name]))
    return used


def check(settings):
    """Raise ConfigError for a GPIO that cannot be used for its setting."""
    taken = {}
    for name, pin in _pins(settings):
        why = _why_not(name, pin)
        if pin in taken:
            why = f"GPIO {pin} is already {taken[pin]}; choose another"
        if why:
            raise ConfigError(f"config.json: {name} is {pin}; {why}")
        taken[pin] = name


def _why_not(name, pin):
    if pin in _FLASH:
        return "the flash uses GPIO 6 to 11; choose another"
    if pin in _ABSENT:
        return f"the ESP32 has no GPIO {pin}; choose another"
    if pin >= _INPUT_ONLY and name in _OUTPUTS:
        return "GPIO 34 to 39 are inputs only; choose another"
    if name == "power.battery_pin" and pin < _ADC1:
        return "only GPIO 32 to 39 can measure while the Wi-Fi is on"
    return ""


def doubts(settings):
    """Return a sentence for each GPIO in use that may disturb the start of the board."""
    found = []
    for name, pin in _pins(settings):
        at = _DOUBTFUL.find(f"\n{pin} ")
        # Chip select is high while the board starts, which GPIO 5 requires.
        if at >= 0 and (name, pin) != ("spi.cs", 5):
            why = _DOUBTFUL[at + 1 : _DOUBTFUL.find("\n", at + 1)].partition(" ")[2]
            found.append(f"{name} is GPIO {pin}: {why}")
    return found
