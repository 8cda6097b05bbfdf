"""Prepare the board before the capture loop: memory limits, new settings, Wi-Fi."""

import gc
import os

from firmware.errors import ConfigError, CredentialsError, NetworkError
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# Not only when MicroPython's first heap of 56,000 bytes is full: if it grew, it would take the RAM
# that TLS needs. More often is a waste, because overlay.load() collects too.
_GC_THRESHOLD_BYTES = const(16384)
#: Where people copy their settings to.
_COPIED = "/config.json"
# Five crashes without a photo, or more if photos are stored in between; see supervisor.py.
_CRASHED = const(100)
_JOIN_MS = const(20000)  # afterwards the capture loop keeps trying


def main():
    """Count the start, check a new config.json, join the Wi-Fi; log errors and continue.

    Returns whether the firmware has restarted too often. If so, boot.py stays in safe mode, after
    this module has been freed.
    """
    gc.threshold(_GC_THRESHOLD_BYTES)
    from firmware.start import supervisor

    counters = None
    try:
        counters = supervisor.start()
        supervisor = None
        log("I boot", start=counters["boots"], cause=counters["cause"])
        _prepare(counters)
    except KeyboardInterrupt:
        from firmware.start import prompt

        prompt.feed_watchdog()
        raise
    except ConfigError as e:
        log("E config refused", why=e)
    except CredentialsError as e:
        log("E credentials unusable", why=e)
    except NetworkError as e:
        log("E wifi failed", why=e)
    except Exception as e:
        # NVS or flash may fail: if this were raised, MicroPython would not start main.py.
        log("E boot failed", why=e)
    if not counters:
        return False
    # Not because of power cuts: the settings in the other slot may be out of date by now.
    if counters.get("crashed", 0) - counters["stored"] > _CRASHED:
        from firmware.start import slot_back

        slot_back.back(counters)
    from firmware.start import supervisor

    return supervisor.is_crash_loop(counters) and not _is_on_trial()


def _is_on_trial():
    # boot.py counts the starts of a trial, and earlier ones are not those of its files.
    from firmware.start import slot_state

    try:
        return slot_state.read()[0]
    except OSError:  # NVS cannot be read
        return 0


def _prepare(counters):
    path = _to_check()
    if path:
        from firmware.start import new_settings

        new_settings.take(path)
        # Restart, because the names in the schema stay in RAM until then.
        from firmware.start import restart

        restart.reset(counters, "config")
    from firmware.settings import config

    if counters["cause"] != "soft":
        # From here on nothing can hang forever. After a soft reset, a user may be at the prompt.
        from firmware.start import watchdog

        watchdog.start(config.section("watchdog"), counters["cause"])
    power = config.section("power")
    if power["deep_sleep"]:
        from firmware.power import battery

        battery.guard(power)
    from firmware.update import start

    start.clear()
    from firmware.network import join

    joined = join.connect(config.section("wifi"), 0, None, _JOIN_MS)
    if joined:
        log("I wifi joined", ssid=joined[0], address=joined[1])


def _to_check():
    """Return the path of settings that have not been checked yet, or None."""
    from firmware.settings import config

    if "config.json" in os.listdir("/") and config.PATH != _COPIED:
        return _COPIED
    return None if config.is_checked(config.read()) else config.PATH
