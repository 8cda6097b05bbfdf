"""Make the application from the settings; loaded at the start and dropped once it runs."""

import gc

from arducam_mega import CameraError

from firmware import config
from firmware.app import App
from firmware.camera import Camera
from firmware.errors import ConfigError, CredentialsError
from firmware.log import log


def build():
    """Return the App that the settings describe, or None where they cannot be used."""
    try:
        settings = config.load()
        camera = Camera(settings["spi"], settings["camera"])
        _prepare(camera)
        gc.collect()  # what stays must lie close together
        from firmware import uploader

        return App(settings, camera, uploader.build(settings["s3"]))
    except (ConfigError, CredentialsError) as e:
        log("E app cannot start", why=e)


def _prepare(camera):
    # Setting the camera up takes as much code as TLS: they must not be loaded at once.
    try:
        camera.prepare()
    except CameraError as e:
        log("W camera not ready", why=e)
