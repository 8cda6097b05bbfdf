"""Where photos wait that do not wait on the flash; to be called through rare.py at the start."""

from firmware import rare
from firmware.log import log


def place(section, camera_bus):
    """Return the spool on the SD card, its folder and limit in bytes, or None without a card."""
    try:
        card = section["sd"]
        return rare.call("sd_card", "mount", card, camera_bus), card["limit_mb"] << 20
    except Exception as e:  # whatever ails the card, photos must go on
        log("E spool on the flash", why=e)
        return None
