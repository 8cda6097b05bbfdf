"""The picture settings; a part of schema.py.

schema.check() leaves out the settings at their default, because the camera has them anyway: the
board need not keep them, nor write them to a camera that may lack them.
"""


def _words(text):
    # MicroPython interns every short string in a program forever: use one long string instead.
    return tuple(text.split())


_WHITE_BALANCE = _words("auto sunny office cloudy home")
_EFFECTS = _words("none cool warm black-white sepia negative green yellow")
_FOCUS = _words("off single continuous paused")

# Columns as in schema.SETTINGS. The ranges are the widest of all models; the driver knows those
# of the connected one (lib/arducam_mega/models/id_81.py to id_87.py).
PICTURE = (
    ("camera.rotation", "choice", (0, 180), 0, 0, "degrees; the sensor supports no other angles"),
    ("camera.brightness", "int", -4, 4, 0, "negative values are darker"),
    ("camera.contrast", "int", -3, 3, 0, "negative values are flatter"),
    ("camera.saturation", "int", -3, 3, 0, "negative values are paler"),
    ("camera.ev", "int", -3, 3, 0, "exposure compensation; negative values are darker"),
    ("camera.white_balance", "choice", _WHITE_BALANCE, 0, "auto", "kind of light"),
    ("camera.effect", "choice", _EFFECTS, 0, "none", "color filter; the 5MP has no yellow"),
    ("camera.sharpness", "auto", 1, 8, "auto", "only on the 3MP and 3MP V2"),
    (
        "camera.exposure",
        "auto",
        1,
        65535,
        "auto",
        "in the sensor's own units; at most 30000 on the 3MP and 5MP, 65535 on their V2, "
        "10000 on the models of 2025",
    ),
    (
        "camera.gain",
        "auto",
        0,
        65535,
        "auto",
        "in the sensor's own units; 1 to 31 on the 3MP, 1 to 1023 on the 5MP, 1 to 65535 on their "
        "V2, 0 to 240 on the models of 2025",
    ),
    ("camera.autofocus", "choice", _FOCUS, 0, "off", "only on the 5MP and 5MP V2"),
)
