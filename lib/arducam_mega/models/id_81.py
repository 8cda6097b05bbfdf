"""5MP, OV5640 with autofocus: what the model with id 0x81 offers; read by arducam_mega_settings.

_RESOLUTIONS: word and code (hex) of register 0x21; short texts would stay in RAM forever.
_EXPOSURE and _GAIN: least and greatest value.
_EXTRAS: controls that not every model has.
"""

_NAME = "5MP"
_RESOLUTIONS = (
    "96x96:0A 128x128:0B 320x240:01 320x320:0C 640x480:02 "
    "1280x720:04 1600x1200:06 1920x1080:07 2592x1944:09"
)
_EXPOSURE = (1, 30000)
_GAIN = (1, 1023)
_GAIN_CODES = None
_LIGHT_YELLOW = False
_EXTRAS = ("autofocus",)
