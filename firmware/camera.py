"""The camera as the capture loop sees it: ready with the settings' picture, whatever happened."""

from arducam_mega import ArducamMega


class Camera:
    """Keeps one Arducam Mega configured; found and set up again after any failure."""

    def __init__(self, spi, cs, settings):
        """`settings` is the section "camera": resolution and quality, in the driver's words."""
        self._driver = ArducamMega(spi, cs)
        self._settings = settings
        self._ready = False

    def start(self):
        """Begin an exposure; raises CameraError. The frame waits in the camera until finish()."""
        try:
            if not self._ready:
                self._driver.reset()
                self._driver.configure(**self._settings)
                self._ready = True
            self._driver.start()
        except Exception:
            self._ready = False
            raise

    def finish(self):
        """Return the Frame of the exposure begun by start(); raises CameraError."""
        try:
            return self._driver.finish()
        except Exception:
            self._ready = False
            raise
