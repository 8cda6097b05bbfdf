"""What the health report says about photos to come: schedule, deep sleep, safe mode, battery."""

import gc
import json

_TEXT = """
"safe_mode": {}, "sleeps": {}, "battery": {},
"schedule": {},"""


def text(app):
    """Return this part of the JSON document as bytes."""
    from firmware.settings import config

    settings = config.load()
    power, schedule = settings["power"], settings["schedule"]
    if schedule["daylight"]:
        # Only who knows the place knows when the sun rises; the photos' EXIF has it anyway.
        for name in ("latitude", "longitude"):
            schedule[name] = settings["location"][name]
    settings = None
    gc.collect()
    battery = "null"
    if power["battery_pin"] >= 0:
        from firmware.health import report_battery

        battery = report_battery.text(power)
    is_safe, sleeps, schedule = [
        json.dumps(part) for part in (app.camera is None, app.sleeps, schedule)
    ]
    return _TEXT.format(is_safe, sleeps, battery, schedule).encode()
