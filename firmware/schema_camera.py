"""The settings of the picture, and what the ESP32 allows of each pin; a part of schema.py.

What is at its default here the camera does by itself: schema.check() leaves it out, so that the
board need not keep it, nor write it to a camera that may not have it.
"""

from firmware.errors import ConfigError


def _words(text):
    # MicroPython keeps every short text of a program for ever: one long one has them all.
    return tuple(text.split())


_WHITE_BALANCE = _words("auto sunny office cloudy home")
_EFFECTS = _words("none cool warm black-white sepia negative green yellow")
_FOCUS = _words("off single continuous paused")

# As in schema.SETTINGS. The ranges are those of the model that goes farthest; the driver knows
# what the connected one has (lib/arducam_mega_0x81.py to 0x87.py).
PICTURE = (
    ("camera.rotation", "choice", (0, 180), 0, 0, "degrees; the sensor knows no others"),
    ("camera.brightness", "int", -4, 4, 0, "darker below 0"),
    ("camera.contrast", "int", -3, 3, 0, "flatter below 0"),
    ("camera.saturation", "int", -3, 3, 0, "paler below 0"),
    ("camera.ev", "int", -3, 3, 0, "what automatic exposure aims at, darker below 0"),
    ("camera.white_balance", "choice", _WHITE_BALANCE, 0, "auto", "kind of light"),
    ("camera.effect", "choice", _EFFECTS, 0, "none", "filter; yellow: not on the 5MP"),
    ("camera.sharpness", "auto", 1, 8, "auto", "only on the 3MP and 3MP V2"),
    (
        "camera.exposure",
        "auto",
        1,
        65535,
        "auto",
        "the sensor's own units: to 30000 on 3MP and 5MP, 65535 on their V2, 10000 of 2025",
    ),
    (
        "camera.gain",
        "auto",
        0,
        65535,
        "auto",
        "the sensor's own units: 1 to 31 on the 3MP, 1023 on the 5MP, 65535 on V2; "
        "0 to 240 of 2025",
    ),
    ("camera.autofocus", "choice", _FOCUS, 0, "off", "only on the 5MP and 5MP V2"),
)

# Datasheet of the ESP32, "Pin Definitions" and "Strapping Pins".
_ABSENT = (20, 24, 28, 29, 30, 31)
_FLASH = (6, 7, 8, 9, 10, 11)
_INPUT_ONLY = 34  # and above
_ADC1 = 32  # and above; the other converter is the radio's
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
0 what pulls it low at the start keeps the board in its bootloader
1 it is the USB port's: megacam cannot talk to the board then
2 what pulls it high keeps `megacam flash` from the board
3 it is the USB port's: megacam cannot talk to the board then
5 what pulls it low at the start changes the timing of the SDIO slave
12 what pulls it high at the start halves the flash's voltage, and the board does not start
15 what pulls it low at the start silences the chip's first messages
"""


def _pins(settings):
    """Return [(name of a setting, its GPIO)] of those that are in use."""
    used = [("spi." + name, settings["spi." + name]) for name in ("sck", "mosi", "miso", "cs")]
    if settings["spool.sd.enabled"]:
        for name in ("sck", "mosi", "miso", "cs"):
            used.append(("spool.sd." + name, settings["spool.sd." + name]))
    for name in ("led.pin", "power.battery_pin"):
        if settings[name] >= 0:
            used.append((name, settings[name]))
    return used


def check_pins(settings):
    """Raise ConfigError for a GPIO that cannot do what the settings want of it."""
    taken = {}
    for name, pin in _pins(settings):
        why = _why_not(name, pin)
        if pin in taken:
            why = f"GPIO {pin} is {taken[pin]} already; give each its own"
        if why:
            raise ConfigError(f"config.json: {name} is {pin}; {why}")
        taken[pin] = name


def _why_not(name, pin):
    if pin in _FLASH:
        return "GPIO 6 to 11 are the flash's; choose another"
    if pin in _ABSENT:
        return f"the ESP32 has no GPIO {pin}; choose another"
    if pin >= _INPUT_ONLY and name in _OUTPUTS:
        return "GPIO 34 to 39 are inputs only; choose another"
    if name == "power.battery_pin" and pin < _ADC1:
        return "only GPIO 32 to 39 can measure while the Wi-Fi is on"
    return ""


def doubts(settings):
    """Return a sentence for each GPIO in use that may keep the board from its start."""
    found = []
    for name, pin in _pins(settings):
        at = _DOUBTFUL.find(f"\n{pin} ")
        # Chip select is high while the board starts, as GPIO 5 has to be.
        if at >= 0 and (name, pin) != ("spi.cs", 5):
            why = _DOUBTFUL[at + 1 : _DOUBTFUL.find("\n", at + 1)].partition(" ")[2]
            found.append(f"{name} is GPIO {pin}: {why}")
    return found
