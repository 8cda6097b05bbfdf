"""What a photo needs from the network, brought about when it is missing: the link and the time."""

import time

from firmware import clock, config, rare, wifi
from firmware.errors import ClockError, CredentialsError, WiFiError
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_RETRY_MS = const(30000)


def restore():
    """Join the Wi-Fi if there is no link; raises WiFiError, CredentialsError."""
    joined = wifi.connect(config.load()["wifi"])
    if joined:
        log("I wifi joined", ssid=joined[0], address=joined[1])


def wait():
    """Have link and time, however long it takes: without them there is no TLS and no signature."""
    section = config.load()["clock"]
    while not clock.is_set():
        try:
            restore()
            log("I clock set", server=rare.call("clock_set", "sync", section))
        except (WiFiError, CredentialsError, ClockError) as e:
            log("W clock not set", why=e)
            time.sleep_ms(_RETRY_MS)
