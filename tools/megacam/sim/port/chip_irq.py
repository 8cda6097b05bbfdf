"""Inputs that call a handler when their level changes; loaded by chip.py when used.

The simulator cannot call into the interpreter, so the board asks it while it sleeps.
"""

import sys

import machine

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_STEP_MS = const(10)

del sys.modules["chip_irq"]


def watch(pin, handler):
    """Have sleep_ms() call handler(pin) for each change of the level of `pin`."""
    sleep_ms = machine.sleep_ms

    def sleep(ms):
        while True:
            for level in machine.ask("pin", (pin.id,)):
                pin(level)
                handler(pin)
            if ms <= 0:
                return
            sleep_ms(min(ms, _STEP_MS))
            ms -= _STEP_MS

    machine.sleep_ms = sleep
