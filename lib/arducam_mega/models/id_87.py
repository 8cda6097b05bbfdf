"""2MP of 2025: settings of model id 0x87; read by arducam_mega.settings.

_RESOLUTIONS: name and code (hex) for register 0x21, in one string: short ones would stay in RAM.
_EXPOSURE and _GAIN: lowest and highest value.
_EXTRAS: settings that not every model has.
"""

_NAME = "2MP of 2025"
_RESOLUTIONS = (
    "96x96:00 128x128:01 160x120:02 320x240:03 320x320:04 640x480:05 "
    "800x600:06 1024x768:07 1280x720:08 1280x1024:09 1600x1200:0A"
)
_EXPOSURE = (1, 10000)
_GAIN = (0, 240)
_GAIN_CODES = None
_LIGHT_YELLOW = True
_EXTRAS = ("ae_freeze", "awb_freeze")
