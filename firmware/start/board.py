"""Make the board's parts from the settings: SPI bus, chip select, root certificates."""

import os

from machine import SPI, Pin

from firmware import slot


def camera_bus(spi):
    """Return (SPI, Pin) for the camera from the settings section "spi", with chip select high."""
    cs = Pin(spi["cs"], Pin.OUT, value=1)  # high before the bus exists, so no partial command
    bus = SPI(
        spi["id"],
        baudrate=spi["baudrate_hz"],
        polarity=0,
        phase=0,
        sck=Pin(spi["sck"]),
        mosi=Pin(spi["mosi"]),
        miso=Pin(spi["miso"]),
    )
    return bus, cs


def roots():
    """Yield the DER bytes of each root certificate of the slot; raises OSError if unreadable."""
    path = slot + "/roots/"
    for name in os.listdir(path):
        with open(path + name, "rb") as f:
            yield f.read()
