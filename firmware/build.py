"""Make the application from the settings; loaded at the start and dropped once it runs."""

import gc

from arducam_mega import CameraError

from firmware import clock, config, rare
from firmware.app import App
from firmware.camera import Camera
from firmware.errors import ConfigError, CredentialsError
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# One SPI transaction of the ESP32's DMA, and a multiple of 4 as its receiver wants it.
_BUFFER_BYTES = const(4092)


def build():
    """Return the App that the settings describe, or None where they cannot be used."""
    try:
        settings = config.load()
        camera = Camera(settings["spi"], settings["camera"])
        _prepare(camera)
        gc.collect()  # what stays must lie close together
        uploader = _uploader(settings["s3"])
        return App(settings["device"], settings["interval_s"], camera, uploader)
    except (ConfigError, CredentialsError) as e:
        log("E app cannot start", why=e)


def _prepare(camera):
    # Setting the camera up takes as much code as TLS: they must not be loaded at once.
    try:
        camera.prepare()
    except CameraError as e:
        log("W camera not ready", why=e)


def _uploader(s3):
    from https import borrow
    from s3 import S3Client

    from firmware.uploader import Uploader

    buf = bytearray(_BUFFER_BYTES)
    key = rare.call("credentials", "load_key", buf)
    # A certificate's context trusts the same roots: parsed twice, they would take twice the RAM.
    context = getattr(key, "context", None)
    if not context:
        context = borrow("tls_context").client_context(rare.call("board", "roots"))
    return Uploader(
        S3Client(
            s3["bucket"],
            s3["region"],
            key,
            context,
            buf,
            clock.now,
            s3["endpoint"] or None,
            s3["path_style"],
            s3["integrity"],
        )
    )
