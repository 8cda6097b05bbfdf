"""Find the camera and configure it from the settings."""

from arducam_mega import ArducamMega, CameraError

from firmware.log import log


def wait_for(app):
    """Restart once a camera answers that did not at the start; raises CameraError until then.

    The restart is necessary because the running application leaves too little memory for setup.
    """
    app.camera.reset()
    from firmware.start import restart

    restart.reset(app.counters, "camera")


def find():
    """Return (driver, whether the camera is ready) for the camera on the configured bus."""
    from firmware.settings import config
    from firmware.start import board

    driver = ArducamMega(*board.camera_bus(config.section("spi")))
    try:
        _prepare(driver)
        return driver, True
    except CameraError as e:
        log("W camera not ready", why=e)
        return driver, False


def _prepare(driver):
    driver.reset()
    from firmware.settings import config

    wanted = config.section("camera")
    try:
        driver.configure(**wanted)
    except ValueError:
        # This model lacks one of the settings: a photo without it is better than none.
        for name in wanted:
            _try(driver, name, wanted[name])


def _try(driver, name, value):
    try:
        driver.configure(**{name: value})
    except ValueError as e:
        log("E camera setting refused", why=e)
