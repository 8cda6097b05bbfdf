"""The settings of motion detection and of the trigger; a part of schema.py.

schema.check() leaves out all of a section that is switched off, so that it takes no memory.
"""

_MODES = tuple("off mark gate".split())  # noqa: SIM905 short strings would stay in memory

#: {the setting that switches a section off: its value then}.
SWITCHES = {"motion.mode": "off", "trigger.pin": -1}

# Columns as in schema.SETTINGS.
MOTION = (
    (
        "motion.mode",
        "choice",
        _MODES,
        0,
        "off",
        "mark: each photo says how much moved before it; gate: photos only when something moves",
    ),
    ("motion.look_s", "int", 2, 3600, 2, "seconds from one look to the next"),
    ("motion.keepalive_min", "int", 1, 1440, 60, "with gate: a photo after this many minutes"),
    (
        "motion.threshold",
        "int",
        20,
        255,
        75,
        "score from which on something has moved; lower finds more, and more that is nothing",
    ),
    ("motion.mask", "mask", 0, 0, (), "24 words of 24 marks, from the top; x: does not count"),
    ("motion.settle_ms", "int", 0, 10000, 300, "milliseconds from photo to look and back"),
    ("motion.discard", "int", 0, 30, 1, "frames discarded from photo to look and back"),
    ("motion.debug", "bool", 0, 1, False, "log the score of each look"),
    ("trigger.pin", "int", -1, 39, -1, "GPIO of a PIR sensor or button, for photos; -1: none"),
    ("trigger.level", "int", 0, 1, 1, "level of that GPIO at which a photo is taken"),
    ("trigger.pause_s", "int", 1, 3600, 10, "shortest time in s from one such photo to the next"),
)

_SIDE = 24
# ESP32 data sheet, "RTC_MUX Pin List": only these work while the chip sleeps.
_RTC = (0, 2, 4, 12, 13, 14, 15, 25, 26, 27, 32, 33, 34, 35, 36, 37, 38, 39)


def is_mask(value):
    """Return whether `value` is a mask for lib/motion: empty, or 24 words of "." and "x"."""
    if not isinstance(value, (list, tuple)) or len(value) not in (0, _SIDE):
        return False
    return all(
        isinstance(word, str) and len(word) == _SIDE and all(mark in ".x" for mark in word)
        for word in value
    )


def contradiction(settings):
    """Return (name, value, what it must be) of a setting that contradicts others, or None."""
    if not settings["power.deep_sleep"]:
        return None
    mode, pin = settings["motion.mode"], settings["trigger.pin"]
    if mode != "off":
        text = "off with power.deep_sleep, because nothing looks while the board sleeps"
        return "motion.mode", mode, text + "; a PIR sensor (trigger.pin) can wake it"
    if pin >= 0 and pin not in _RTC:
        known = ", ".join([str(one) for one in _RTC])
        return "trigger.pin", pin, f"one of {known} to wake the board (power.deep_sleep)"
    return None


def drop_off(settings):
    """Remove all settings of the sections that are switched off."""
    for switch in SWITCHES:
        if settings[switch] == SWITCHES[switch]:
            section = switch[: switch.index(".") + 1]
            for name in [name for name in settings if name.startswith(section)]:
                del settings[name]
