"""What happens before the capture loop: memory limits, new settings, Wi-Fi."""

import gc

from firmware import config, rare
from firmware.errors import ConfigError, CredentialsError, WiFiError
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# Collect long before MicroPython's first heap of 56,000 bytes is full: its first growth would
# take the RAM that TLS needs.
_GC_THRESHOLD_BYTES = const(8192)
_JOIN_MS = const(20000)  # the loop goes on with it


def main():
    """Count the start, check a new config.json, join the Wi-Fi; an error is logged, boot goes on.

    Returns whether the firmware has restarted too often: boot.py stays in safe mode then, when
    this module has left the memory.
    """
    gc.threshold(_GC_THRESHOLD_BYTES)
    tally = None
    try:
        tally = rare.call("supervisor", "start")
        log("I boot", start=tally["boots"], cause=tally["cause"])
        _prepare(tally)
    except KeyboardInterrupt:
        rare.call("attend", "attend")
        raise
    except ConfigError as e:
        log("E config refused", why=e)
    except CredentialsError as e:
        log("E credentials unusable", why=e)
    except WiFiError as e:
        log("E wifi failed", why=e)
    except Exception as e:
        # NVS or flash that fails: MicroPython would not start main.py after it.
        log("E boot failed", why=e)
    return bool(tally) and rare.call("supervisor", "is_crash_loop", tally)


def _prepare(tally):
    if not config.is_checked(config.read()):
        rare.call("setup", "run")
        log("I config checked")
        # The names in the schema would stay in RAM until the next start.
        rare.call("restart", "reset", tally, "config")
    if tally["cause"] != "soft":
        # From here on nothing can hang for ever. After a soft reset somebody may be at the prompt.
        rare.call("watchdog", "start", config.section("watchdog"), tally["cause"])
    power = config.section("power")
    if power["deep_sleep"]:
        rare.call("deep_sleep", "guard", power)
    joined = rare.call("wifi_join", "connect", config.section("wifi"), 0, None, _JOIN_MS)
    if joined:
        log("I wifi joined", ssid=joined[0], address=joined[1])
