"""5MP V2 with 16-bit sensor: settings of model id 0x83; read by arducam_mega.settings.

_RESOLUTIONS: name and code (hex) for register 0x21, in one string: short ones would stay in RAM.
_EXPOSURE and _GAIN: lowest and highest value.
_EXTRAS: settings that not every model has.
"""

_NAME = "5MP V2"
_RESOLUTIONS = (
    "96x96:0A 128x128:0B 320x240:01 320x320:0C 640x480:02 "
    "1280x720:04 1600x1200:06 1920x1080:07 2592x1936:09"
)
_EXPOSURE = (1, 65535)
_GAIN = (1, 65535)
_GAIN_CODES = None
_LIGHT_YELLOW = False
_EXTRAS = ("autofocus",)
