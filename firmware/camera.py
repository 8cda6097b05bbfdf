"""The camera as the settings describe it; to be called through rare.py."""

from arducam_mega import ArducamMega, CameraError

from firmware import config, rare
from firmware.log import log


def wait_for(app):
    """Restart once a camera answers that did not at the start; raises CameraError until then.

    To set it up takes more memory than there is beside the rest.
    """
    app.camera.reset()
    rare.call("restart", "reset", app.tally, "camera")


def find():
    """Return (driver, whether the camera is ready) of the camera on the settings' bus."""
    driver = ArducamMega(*rare.call("board", "camera_bus", config.section("spi")))
    try:
        _prepare(driver)
        return driver, True
    except CameraError as e:
        log("W camera not ready", why=e)
        return driver, False


def _prepare(driver):
    driver.reset()
    driver.configure(**config.section("camera"))
