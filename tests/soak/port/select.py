"""MicroPython's `select` for a run in virtual time: where nobody will answer, the clock jumps."""

import time
import uselect
from uselect import POLLIN, POLLOUT  # noqa: F401
from machine import ask

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_REAL_MS = const(20)  # an answer that is on its way comes from this machine

del __file__  # looks built in, as on the ESP32: nobody unloads it


class poll:  # noqa: N801
    def __init__(self):
        self._poll = uselect.poll()
        self.register = self._poll.register
        self.modify = self._poll.modify

    def ipoll(self, wait_ms):
        while True:
            step_ms = min(wait_ms, _REAL_MS)
            ready = self._poll.poll(step_ms)
            wait_ms -= step_ms
            if ready or not wait_ms:
                return ready
            if ask("is_server_silent", ()):
                time.sleep_ms(wait_ms)
                return ready
