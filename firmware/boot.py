"""What happens before the capture loop: memory limits, new settings, Wi-Fi."""

import gc

from firmware import config, rare
from firmware.errors import ConfigError, CredentialsError, WiFiError
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# Collect long before MicroPython's first heap of 56,000 bytes is full: its first growth would
# take the RAM that TLS needs.
_GC_THRESHOLD_BYTES = const(8192)


def main():
    """Check a new config.json, then join the Wi-Fi; an error is logged and boot goes on."""
    gc.threshold(_GC_THRESHOLD_BYTES)
    try:
        if not config.is_checked(config.read()):
            rare.call("setup", "run")
            log("I config checked")
            # The names in the schema would stay in RAM until the next start.
            rare.call("board", "restart")
        rare.call("link", "restore")
    except ConfigError as e:
        log("E config refused", why=e)
    except CredentialsError as e:
        log("E credentials unusable", why=e)
    except WiFiError as e:
        log("E wifi failed", why=e)
