"""What the health report says about the battery; loaded only if there is one."""

_TEXT = '{{"mv": {}, "low_mv": {}}}'


def text(power):
    """Return the member "battery" as JSON; `power` is the settings section."""
    from firmware.power import battery

    mv = battery.millivolts(power["battery_pin"]) * power["divider"]
    return _TEXT.format(mv, power["low_mv"])
