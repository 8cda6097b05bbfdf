"""Build the EXIF block of all photos from the settings and the camera; loaded at the start."""

from firmware import __version__
from firmware.settings import config

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_COMMENT_BYTES = const(64)  # a reading's characters, see shot/sensor.py
_FIRST_ID = const(0x81)
# Long strings, because MicroPython interns each short one forever.
_MODELS = "5MP,3MP,5MP V2,3MP V2,5MP,3MP,2MP"
_TEXTS = "{}\nArducam\nMega {}\nmegacam {}"


def build(camera):
    """Return the App's `exif` and `zone`, as the settings want them.

    A zone other than UTC is computed when it is needed, because the time may be unknown yet.
    """
    settings = config.load()
    if not settings["photo"]["exif"]:
        return None, None
    model = _MODELS.split(",")[camera.id - _FIRST_ID] if camera.id else ""
    texts = _TEXTS.format(settings["location"]["name"], model, __version__).split("\n")
    comment_bytes = _COMMENT_BYTES if settings["sensor"]["function"] else 0
    zone = (0, 0, 0) if settings["schedule"]["timezone"] != "UTC0" else None
    device = settings["device"]
    settings = None  # frees 5 KB
    position = _position()
    import exif_block

    return exif_block.build(texts, device, position, comment_bytes), zone


def _position():
    # From the text: the ESP32's floats have 24 bits, and half a meter can get lost.
    with open(config.PATH, "rb") as f:
        text = f.read()
    latitude, longitude = _millionths(text, b'"latitude"'), _millionths(text, b'"longitude"')
    return (latitude, longitude) if latitude or longitude else None


def _millionths(text, name):
    # -8.5 is -8500000. A quote inside a JSON string has a backslash: this is the setting.
    number = text.partition(name + b":")[2].split(b",", 1)[0].split(b"}", 1)[0].strip()
    if b"e" in number.lower():
        return round(float(number) * 1000000)
    whole, _, part = number.lstrip(b"-").partition(b".")
    value = int(whole) * 1000000 + (int((part + b"0000000")[:7]) + 5) // 10
    return -value if number[:1] == b"-" else value
