"""Battery voltage and deep sleep."""

import machine


def millivolts(pin):
    """Return the voltage at GPIO `pin`, up to about 3100 mV (ADC1, attenuated by 11 dB)."""
    return machine.ADC(machine.Pin(pin), atten=machine.ADC.ATTN_11DB).read_uv() // 1000


def deep_sleep(seconds):
    """Switch off everything except the real-time clock; the board restarts after `seconds`."""
    machine.deepsleep(seconds * 1000)
