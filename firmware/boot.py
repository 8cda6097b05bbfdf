"""What happens before the capture loop: memory limits, new settings, Wi-Fi."""

import gc
import sys

from firmware import config, credentials, wifi
from firmware.log import log

# Collect long before MicroPython's first heap of 56,000 bytes is full: its first growth would
# take the RAM that TLS needs.
_GC_THRESHOLD_BYTES = 8192


def main():
    """Check a new config.json, then join the Wi-Fi; an error is logged and boot goes on."""
    gc.threshold(_GC_THRESHOLD_BYTES)
    try:
        _check_new_config()
        ssid, address = wifi.connect(credentials.load("wifi"), config.load()["wifi"]["hostname"])
        log("I", "wifi", "joined", ssid=ssid, address=address)
    except config.ConfigError as e:
        log("E", "config", "refused", why=e)
    except credentials.CredentialsError as e:
        log("E", "credentials", "unusable", why=e)
    except wifi.WiFiError as e:
        log("E", "wifi", "failed", why=e)


def _check_new_config():
    if config.is_checked(config.read()):
        return
    from firmware import setup

    setup.run()
    for name in ("setup", "schema"):  # never needed again: give their memory back
        del sys.modules["firmware." + name]
    log("I", "config", "checked")
