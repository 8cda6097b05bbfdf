"""A PIR sensor or a button at a GPIO, for photos at once; imported only if there is one."""

import time

from machine import Pin

from firmware import clock

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_HELD_MS = const(20)  # what is shorter is a contact that bounces, or noise on a long wire
_INPUT_ONLY = const(34)  # this GPIO and above have no resistor to pull them


class Trigger:
    """Fires when the GPIO of the settings section "trigger" has its level for 20 ms.

    It does not fire again before the level has gone, nor within pause_s of the last photo.
    """

    fired = is_held = False

    def __init__(self, section):
        self.level = section["level"]
        self.pause_s = section["pause_s"]
        self.photo_s = -self.pause_s
        self._since_ms = 0
        number = section["pin"]
        pull = None if number >= _INPUT_ONLY else Pin.PULL_DOWN if self.level else Pin.PULL_UP
        self.pin = Pin(number, Pin.IN, pull)
        self.pin.irq(self._change)  # at both edges

    def _change(self, pin):
        # Pulses that come and go while the loop does something else count too. Allocates nothing.
        if pin() == self.level:
            self._since_ms = time.ticks_ms()
            self.is_held = True
        else:
            self._look()
            self.is_held = False

    def _look(self):
        if self.is_held and time.ticks_diff(time.ticks_ms(), self._since_ms) >= _HELD_MS:
            self.fired = True

    def is_fired(self):
        """Return whether a photo is to be taken at once."""
        self._look()
        if self.fired and clock.uptime_s() - self.photo_s < self.pause_s:
            self.clear()
        return self.fired

    def clear(self):
        """Forget what has happened; what goes on does not fire again."""
        self.fired = self.is_held = False

    def take(self):
        """Return whether the photo that is being taken is one at once; then it begins a pause."""
        is_fired = self.is_fired()
        if is_fired:
            self.photo_s = clock.uptime_s()
            self.clear()
        return is_fired
