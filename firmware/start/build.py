"""Build the application from the settings; loaded at the start and dropped once it runs."""

import gc

from firmware import app as application
from firmware import clock
from firmware.errors import ConfigError, CredentialsError
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# The longest SPI transaction of the ESP32's DMA; receiving requires a multiple of 4.
_BUFFER_BYTES = const(4092)
# The file system of an SD card takes memory, and signed chunks a buffer of their own, so this one
# must be smaller: twice as many transactions cost less than a photo that does not fit. Entries in
# NVS have up to 1,984 bytes.
_SMALL_BUFFER_BYTES = const(2044)
# Count the waiting photos first; then link and time, without which nothing can be sent.
_CHORES = {
    "spool": -3,
    "link": -2,
    "clock": -1,
    "plan": 0,
    "day": 0,
    "led": 0,
    "counters": 0,
    "status": 0,
}


def build(is_safe=False):
    """Return the App that the settings describe, or None if they cannot be used.

    The parts are built one after the other, and each frees the settings again, because not
    everything fits in memory at once. `is_safe` builds the App without a camera, for safe mode.
    """
    try:
        card = _card()
        # The camera's setup takes as much code as TLS: never load both at the same time.
        from firmware.shot.camera import find

        camera, is_ready = (None, False) if is_safe else find()
        # Nor is there room for the settings once the rest has been built.
        exif, zone = _exif(camera) if camera else (None, None)
        app = _app(camera, _uploader(_store(_buffer_bytes(card)), card))
        app.is_camera_ready = is_ready
        app.exif, app.zone = exif, zone
        return app
    except ConfigError as e:
        log("E app cannot start", why=e)
        return None


def _exif(camera):
    # Without EXIF, photos are better than none.
    try:
        from firmware.start import exif

        return exif.build(camera)
    except Exception as e:
        log("E app work failed", at="exif", why=e)
        return None, None


def _buffer_bytes(card):
    from firmware.settings import config

    is_small = card or "signed" in config.section("s3")["integrity"]
    return _SMALL_BUFFER_BYTES if is_small else _BUFFER_BYTES


def _store(buffer_bytes):
    from s3 import S3Client

    gc.collect()  # what stays in memory must not fragment it
    buf = bytearray(buffer_bytes)
    key = _key(buf)
    # The context of IoTCredentials trusts the same roots: a second one would take the RAM twice.
    context = getattr(key, "context", None) or _context()
    from firmware.settings import config

    s3 = config.section("s3")
    return S3Client(
        s3["bucket"],
        s3["region"],
        key,
        context,
        buf,
        clock.now,
        s3["endpoint"] or None,
        s3["path_style"],
        s3["integrity"],
        log=log,
    )


def _key(buf):
    # Without a key, photos are taken and wait; tasks/key.py checks for a key again.
    try:
        from firmware.credentials.read import load_key

        return load_key(buf)
    except (CredentialsError, OSError) as e:  # a certificate needs the roots, too
        log("E credentials unusable, photos wait", why=e)
        return None


def _context():

    try:
        from https import tls_context

        from firmware.start import board

        return tls_context.client_context(board.roots())
    except (OSError, ValueError) as e:
        # Nothing can be sent then: each handshake fails because a root is missing.
        log("E roots unusable, photos wait; run `megacam deploy`", why=e)
        from https import tls_context

        return tls_context.client_context(())


def _card():
    # Do this first, because the file system needs a large block of memory permanently.
    from firmware.settings import config

    settings = config.load()
    section, bus = settings["spool"]["sd"], settings["spi"]["id"]
    settings = None
    from firmware.spool import sd_card

    return sd_card.slot(section, bus) if section["enabled"] else ()


def _uploader(store, card):
    from firmware import uploader as parts
    from firmware.settings import config

    settings = config.load()
    device, spool = settings["device"], settings["spool"]
    cap = (settings["cap"]["requests"], settings["cap"]["mb"] << 10)
    is_watched = settings["watchdog"]
    settings = None
    gc.collect()
    place = ("/spool", spool["limit_kb"] << 10)
    place += card
    from firmware.health.counters import read

    counters = read()
    from firmware.start import watchdog

    feed = watchdog.start(is_watched, counters["cause"])
    uploader = parts.Uploader(device, store, place, cap, counters, feed)
    uploader.is_spool_first = spool["first"]
    clock.cycle_s = counters["cycle_s"]
    uploader.is_time_known = clock.is_set() and counters["known_cycle"] == counters["cycle"]
    return uploader


def _app(camera, uploader):
    from firmware.settings import config

    settings = config.load()
    app = application.App(settings["interval_s"], camera, uploader, dict(_CHORES))
    if not uploader.store.credentials:
        app.tasks["key"] = 0
    app.location = settings["location"]["name"]
    app.sleeps = settings["power"]["deep_sleep"]
    # Leave the sensor out after a watchdog reset: its function may have been what hung.
    if settings["sensor"]["function"] and uploader.counters["cause"] != "watchdog":
        app.sensor = settings["sensor"]
    motion, trigger = settings.get("motion"), settings.get("trigger")
    settings = None
    if camera and (motion or trigger):  # safe mode takes no photos
        from firmware.start import look_out

        look_out.add(app, motion, trigger)
    return app
