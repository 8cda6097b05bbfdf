"""The capture loop: a photo every interval, streamed from the camera's FIFO into the bucket."""

import gc
import time

from arducam_mega import CameraError
from https import client_context
from jpeg import JPEGBody, JPEGError
from s3 import S3Client

from firmware import __version__, board, clock, config, credentials, keys, wifi
from firmware.camera import Camera
from firmware.log import log

# One SPI transaction of the ESP32's DMA, and a multiple of 4 as its receiver wants it.
_BUFFER_BYTES = 4092
_SHOTS = 2  # a damaged photo is taken again this often in all
_SLICE_MS = 1000


def main():
    """Build the application from the settings and run it for ever; returns on a bad config."""
    try:
        app = build(config.load())
    except (config.ConfigError, credentials.CredentialsError) as e:
        log("E", "app", "cannot start", why=e)
        return
    app.run()


def build(settings):
    """Return an App for `settings`; raises CredentialsError."""
    buf = bytearray(_BUFFER_BYTES)
    spi, cs = board.camera_bus(settings["spi"])
    s3 = settings["s3"]
    store = S3Client(
        s3["bucket"],
        s3["region"],
        credentials.load_key(),
        client_context(board.roots()),
        buf,
        clock.now,
        endpoint=s3["endpoint"] or None,
        path_style=s3["path_style"],
    )
    return App(settings, Camera(spi, cs, settings["camera"]), store)


class App:
    """Takes a photo at every multiple of the interval and stores it."""

    def __init__(self, settings, camera, store):
        self._settings = settings
        self._device = settings["device"]
        self._interval_s = settings["interval_s"]
        self._camera = camera
        self._store = store
        self._sequence = keys.Sequence("/sequence")
        self._lost = 0

    def run(self):
        """Take photos until the power goes."""
        log("I", "app", "started", device=self._device, version=__version__)
        while True:
            self._make_ready()
            self._wait()
            self._take_and_store()

    def _make_ready(self):
        # Without the time there is no signature; without Wi-Fi no time.
        while not clock.is_set():
            try:
                self._join()
                log("I", "clock", "set", server=clock.sync(self._settings["clock"]["servers"]))
            except (wifi.WiFiError, clock.ClockError) as e:
                log("W", "clock", "not set", why=e)
                time.sleep_ms(self._interval_s * 1000)

    def _join(self):
        networks = credentials.load("wifi")
        wifi.connect(networks, self._settings["wifi"]["hostname"])

    def _wait(self):
        # Aligned to the wall clock (10:00:00, 10:00:30, ...); never two shots for one moment.
        due = (clock.now() // self._interval_s + 1) * self._interval_s
        while clock.now() < due:
            time.sleep_ms(_SLICE_MS if due - clock.now() > 1 else _SLICE_MS // 10)

    def _take_and_store(self):
        # The only broad guard of the firmware: nothing that happens to one photo ends the loop.
        for _ in range(_SHOTS):
            try:
                self._shot()
                return
            except (JPEGError, CameraError) as e:
                log("W", "camera", "photo damaged", why=e)
            except Exception as e:
                log("E", "app", "photo lost", why=e)
                break
        self._lost += 1

    def _shot(self):
        start = time.ticks_ms()
        self._camera.start()
        taken = clock.now()
        gc.collect()  # the handshake wants the garbage gone, and the camera is exposing anyway
        self._join()
        self._store.connect()
        frame = self._camera.finish()
        key = keys.photo_key(self._device, clock.fields(taken), self._sequence.next())
        try:
            stored = self._store.put(key, JPEGBody(frame))
        finally:
            frame.close()
        log(
            "I",
            "s3",
            "stored",
            key=key,
            bytes=frame.size,
            ms=time.ticks_diff(time.ticks_ms(), start),
            status=stored.status,
            heap=gc.mem_alloc(),
            url=self._store.url(key),
        )
