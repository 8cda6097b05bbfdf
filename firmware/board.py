"""The board's own parts, made from the settings: SPI bus, chip select, roots of trust."""

import os

import machine
from machine import SPI, Pin

_ROOTS = "/roots"


def camera_bus(spi):
    """Return (SPI, Pin) for the camera from the settings of section "spi", chip select high."""
    cs = Pin(spi["cs"], Pin.OUT, value=1)  # high before the bus exists: no half command
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


def sd_card(card, camera_bus):
    """Return the SD card (a block device) of section "spool.sd", on the bus beside the camera's.

    Nothing is known of the card yet; raises OSError where the bus is taken.
    """
    # Slot 2 is SPI bus 2 and slot 3 is bus 1 (machine_sdcard.c).
    pins = {name: Pin(card[name]) for name in ("sck", "mosi", "miso", "cs")}
    return machine.SDCard(slot=1 + camera_bus, **pins)


def pwm(pin, hz, duty):
    """Return a PWM that switches GPIO `pin` `hz` times a second, on for `duty` of 65535."""
    return machine.PWM(Pin(pin), freq=hz, duty_u16=duty)


def restart():
    """Start anew with an empty memory; does not return."""
    machine.reset()


def roots(path=_ROOTS):
    """Yield the DER bytes of each root certificate on the flash; raises OSError without any."""
    for name in os.listdir(path):
        with open(path + "/" + name, "rb") as f:
            yield f.read()
