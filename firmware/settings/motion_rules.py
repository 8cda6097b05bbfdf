"""What the settings of motion detection and of the trigger must be; loaded for each check.

Apart from schema_motion.py, because next to all of the schema a board has hardly any memory.
"""

#: {the setting that switches a section off: its value then}.
SWITCHES = {"motion.mode": "off", "trigger.pin": -1}
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
    """Remove all settings of the sections that are switched off, so that they take no memory."""
    for switch in SWITCHES:
        if settings[switch] == SWITCHES[switch]:
            section = switch[: switch.index(".") + 1]
            for name in [name for name in settings if name.startswith(section)]:
                del settings[name]
