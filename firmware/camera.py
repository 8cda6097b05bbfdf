"""The camera as the capture loop sees it: ready with the settings' picture, whatever happened."""

from arducam_mega import ArducamMega, CameraError

from firmware import rare


class Camera:
    """Keeps one Arducam Mega configured; found and set up again after any failure."""

    def __init__(self, spi, picture):
        """`spi` and `picture` are the sections "spi" and "camera" of the settings."""
        self._driver = ArducamMega(*rare.call("board", "camera_bus", spi))
        self._picture = picture
        self._is_ready = False

    def prepare(self):
        """Find the camera and set it up, if that has not been done; raises CameraError."""
        if not self._is_ready:
            self._driver.reset()
            self._driver.configure(**self._picture)
            self._is_ready = True

    def start(self):
        """Begin an exposure; raises CameraError. The frame waits in the camera until finish()."""
        self.prepare()
        self._driver.start()

    def finish(self):
        """Return the Frame of the exposure begun by start(); raises CameraError."""
        try:
            return self._driver.finish()
        except CameraError:
            self._is_ready = False
            raise
