"""Make a photo's metadata, x-amz-meta-... headers and EXIF; loaded only for that."""

import gc
import sys

from firmware import __version__, clock, wifi

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_FIRST_BYTES = const(56000)  # MicroPython's first heap on a plain ESP32
_CHIP_BYTES = const(1 << 19)  # the chip itself has less RAM than this: there is PSRAM too
_ASLEEP_PPM = const(50000)  # an RC oscillator counts in deep sleep
# One string, because MicroPython interns each short string forever.
_TEXT = """device={}
version={}
origin=live
seq={}
camera=0x{:02x}
uptime-s={}
heap-free={}"""


def describe(app, number, taken):
    """Return the metadata of photo `number`, see in_order(), for Uploader.deliver().

    `taken` is when it was taken, as for Uploader.deliver().
    """
    free = mem_free()
    app.heap_free_low = min(app.heap_free_low, free)
    text = _TEXT.format(
        app.uploader.device, __version__, number, app.camera.id, clock.uptime_s(), free
    )
    if app.location:
        # S3 accepts only ASCII.
        place = "".join([c if " " <= c <= "~" else "?" for c in app.location])
        text = f"{text}\nlocation={place}"
    if app.early:
        text += app.early.words()
    reading = ""
    if app.sensor:
        from firmware.shot import sensor

        reading = sensor.read(app.sensor)
        if reading is None:
            app.sensor = None
        elif reading:
            text = f"{text}\nreading={reading}"
    if app.exif:
        # Without its EXIF a photo is better than none.
        app.try_to(_insert, "exif", app, number, taken, (reading or "").encode())
    rssi_dbm = wifi.rssi_dbm()
    if rssi_dbm is not None:
        text = f"{text}\nrssi-dbm={rssi_dbm}"
    if clock.is_credible(taken):
        text = f"{text}\n{_dated(taken, True)}"
    return in_order(text)


def in_order(text):
    """Return metadata as bytes, a line NAME=VALUE each in order of name: see S3Client.put()."""
    return b"\n".join(sorted(text.encode().split(b"\n")))


def _insert(name, app, number, taken, reading):
    """Put the EXIF block of photo `number` into the camera's frame."""
    local = utc = None
    offset_s = 0
    if clock.is_credible(taken):
        if app.zone:
            since, until, offset_s = app.zone
            if not since <= taken < until:
                # The first photo, or the first one after the clocks have changed.
                offset_s = app.try_to(_offset_s, app, taken)
        if offset_s is not None:
            local, utc = clock.fields(taken + offset_s), clock.fields(taken)
    import exif

    exif.fill(app.exif, number, local, (offset_s or 0) // 60, utc, reading)
    app.camera.frame.insert(app.exif)


def _offset_s(app, taken):
    from firmware.settings import config

    zone = config.section("schedule")["timezone"]
    from firmware.shot import time_zone

    app.zone = time_zone.find(taken, zone)
    return app.zone[2]


def mem_free(platform=sys.platform):
    """Collect garbage and return the free bytes of the heap.

    On a plain ESP32 this is what is left of the first heap; less than 0 means that the heap has
    grown. gc.mem_free() also counts what the heap could still take from the system there, but TLS
    needs that memory.
    """
    gc.collect()
    free = gc.mem_free()
    if platform == "esp32" and free < _CHIP_BYTES:
        free = _FIRST_BYTES - gc.mem_alloc()
    return free


def date(metadata, taken, is_exact, sleeps):
    """Return `metadata` with when the photo was taken, in UTC seconds since 1970.

    If not `is_exact`, `taken` is not certain, see spool/date.py. The photo is from before the
    clock was set, so its error grows with its age, and faster if the camera `sleeps` in between.
    """
    ppm = _ASLEEP_PPM if sleeps else abs(clock.drift_ppm) + 10
    return in_order(f"{metadata.decode()}\n{_dated(taken, is_exact, ppm)}")


def _dated(taken, is_exact, ppm=0):
    error_ms = clock.error_ms() if is_exact else None
    if error_ms is not None:
        error_ms += ppm * (clock.now() - taken) // 1000
    at = "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z".format(*clock.fields(taken))
    return f"taken-at={at}\nclock-error-ms={'unknown' if error_ms is None else error_ms}"
