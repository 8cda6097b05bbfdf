"""3MP V2 with 16-bit sensor: what the model with id 0x84 offers; read by arducam_mega_settings.

_RESOLUTIONS: word and code (hex) of register 0x21; short texts would stay in RAM forever.
_EXPOSURE and _GAIN: least and greatest value.
_EXTRAS: controls that not every model has.
"""

_NAME = "3MP V2"
_RESOLUTIONS = (
    "96x96:0A 128x128:0B 320x240:01 320x320:0C 640x480:02 "
    "1280x720:04 1600x1200:06 1920x1080:07 2048x1536:08"
)
_EXPOSURE = (1, 65535)
_GAIN = (1, 65535)
_GAIN_CODES = None
_LIGHT_YELLOW = True
_EXTRAS = ("sharpness",)
