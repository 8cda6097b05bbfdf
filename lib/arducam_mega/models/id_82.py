"""3MP, OV3640: settings of model id 0x82; read by arducam_mega.settings.

_RESOLUTIONS: name and code (hex) for register 0x21, in one string: short ones would stay in RAM.
_EXPOSURE and _GAIN: lowest and highest value.
_EXTRAS: settings that not every model has.
"""

_NAME = "3MP"
_RESOLUTIONS = (
    "96x96:0A 128x128:0B 320x240:01 320x320:0C 640x480:02 "
    "1280x720:04 1600x1200:06 1920x1080:07 2048x1536:08"
)
_EXPOSURE = (1, 30000)
_GAIN = (1, 31)
# Codes of registers 0x31 and 0x32 for gain 1 to 31: the sensor's own steps are uneven.
_GAIN_CODES = (
    b"\x00\x10\x18\x30\x34\x38\x3b\x3f\x72\x74\x76\x78\x7a\x7c\x7e"
    b"\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa\xfb\xfc\xfd\xfe\xff"
)
_LIGHT_YELLOW = True
_EXTRAS = ("sharpness",)
