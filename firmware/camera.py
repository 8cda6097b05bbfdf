"""The camera as the settings describe it; to be called through rare.py."""

from arducam_mega import ArducamMega, CameraError

from firmware import config, rare
from firmware.log import log


def find():
    """Return (driver, whether the camera is ready) of the camera on the settings' bus."""
    driver = ArducamMega(*rare.call("board", "camera_bus", config.section("spi")))
    try:
        prepare(driver)
        return driver, True
    except CameraError as e:
        log("W camera not ready", why=e)
        return driver, False


def prepare(driver):
    """Find the camera and set it up as the settings want it; raises CameraError."""
    driver.reset()
    driver.configure(**config.section("camera"))
