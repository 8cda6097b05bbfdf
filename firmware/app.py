"""The capture loop: a photo at every multiple of the interval, stored in the bucket."""

import gc
import time

from arducam_mega import CameraError

from firmware import __version__, clock, keys, rare, wifi
from firmware.log import log
from firmware.schedule import next_shot

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_SHOTS = const(2)  # a damaged photo is taken again this often in all
_SLICE_MS = const(1000)
_ALWAYS = ((0, 1 << 40),)


def main():
    """Build the application and run it for ever; returns if the settings cannot be used."""
    app = rare.call("build", "build")
    if app:
        app.run()


class App:
    """Takes a photo at every multiple of the interval and stores it."""

    def __init__(self, device, interval_s, camera, uploader):
        self._device = device
        self._interval_s = interval_s
        self.camera = camera
        self.uploader = uploader
        self._sequence = keys.Sequence("/sequence")
        self._lost = 0

    def run(self):
        """Take photos until the power goes."""
        log("I app started", device=self._device, version=__version__)
        rare.call("link", "wait")
        due = clock.now()
        while True:
            due = next_shot(max(due, clock.now()), self._interval_s, _ALWAYS)
            self._sleep_until(due)
            self._take_and_store()

    def _sleep_until(self, due):
        while True:
            left_s = due - clock.now()
            if left_s <= 0:
                return
            time.sleep_ms(_SLICE_MS if left_s > 1 else _SLICE_MS // 20)

    def _take_and_store(self):
        # The only broad guard of the firmware: nothing that happens to one photo ends the loop.
        for _ in range(_SHOTS):
            try:
                self._shot()
                return
            except Exception as e:
                log("E app photo lost", why=e)
                if not isinstance(e, CameraError):
                    break
        self._lost += 1

    def _shot(self):
        start = time.ticks_ms()
        self.camera.start()
        taken = clock.now()
        # While the camera exposes: the handshake wants the garbage gone.
        gc.collect()
        if not wifi.is_up():
            rare.call("link", "restore")
        self.uploader.connect()
        frame = self.camera.finish()
        key = keys.photo_key(self._device, clock.fields(taken), self._sequence.next())
        gc.collect()
        status, url = self.uploader.put(key, frame)
        log(
            "I s3 stored",
            key=key,
            bytes=frame.size,
            ms=time.ticks_diff(time.ticks_ms(), start),
            status=status,
            heap=gc.mem_alloc(),
            url=url,
        )
