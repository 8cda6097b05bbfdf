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
    is_safe = app.camera is None
    parts = (is_safe, app.sleeps, _battery(power), schedule)
    return _TEXT.format(*[json.dumps(part) for part in parts]).encode()


def _battery(power):
    if power["battery_pin"] < 0:
        return None
    from firmware.power import battery

    mv = battery.millivolts(power["battery_pin"]) * power["divider"]
    return {"mv": mv, "low_mv": power["low_mv"]}
