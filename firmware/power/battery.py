"""Battery voltage and deep sleep."""

import machine

from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_LOW_SLEEP_S = const(3600)


def guard(power):
    """Sleep for an hour if the battery is low; `power` is the settings section."""
    if power["battery_pin"] < 0:
        return
    mv = millivolts(power["battery_pin"]) * power["divider"]
    if mv < power["low_mv"]:
        log("E battery low", mv=mv, limit_mv=power["low_mv"], sleep_s=_LOW_SLEEP_S)
        deep_sleep(_LOW_SLEEP_S)


def millivolts(pin):
    """Return the voltage at GPIO `pin`, up to about 3100 mV (ADC1, attenuated by 11 dB)."""
    return machine.ADC(machine.Pin(pin), atten=machine.ADC.ATTN_11DB).read_uv() // 1000


def deep_sleep(seconds):
    """Switch off everything except the real-time clock; the board restarts after `seconds`."""
    machine.deepsleep(seconds * 1000)
