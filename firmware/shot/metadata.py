"""What a photo says of itself, as x-amz-meta-... headers; loaded for that moment."""

import gc

from firmware import __version__, clock, wifi

# One text: MicroPython would keep each short one for ever.
_TEXT = """device={}
version={}
origin=live
seq={}
camera=0x{:02x}
uptime-s={}
heap-free={}"""


def describe(app, number, taken):
    """Return the metadata of photo `number`, a dict of text, for Uploader.deliver().

    It was taken at `taken`, as Uploader.deliver() has it.
    """
    gc.collect()
    free = gc.mem_free()
    app.heap_free_low = min(app.heap_free_low, free)
    text = _TEXT.format(
        app.uploader.device, __version__, number, app.camera.id, clock.uptime_s(), free
    )
    if app.location:
        # S3 takes ASCII only.
        place = "".join([c if " " <= c <= "~" else "?" for c in app.location])
        text = f"{text}\nlocation={place}"
    if app.sensor:
        from firmware.shot import sensor

        reading = sensor.read(app.sensor)
        if reading is None:
            app.sensor = None
        elif reading:
            text = f"{text}\nreading={reading}"
    rssi_dbm = wifi.rssi_dbm()
    if rssi_dbm is not None:
        text = f"{text}\nrssi-dbm={rssi_dbm}"
    metadata = dict([line.split("=", 1) for line in text.split("\n")])
    if clock.is_credible(taken):
        date(metadata, taken, True)
    return metadata


def date(metadata, taken, is_exact):
    """Write down when the photo was taken: UTC seconds since 1970, or the latest it can be."""
    metadata["taken-at"] = "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z".format(*clock.fields(taken))
    error_ms = clock.error_ms() if is_exact else None
    metadata["clock-error-ms"] = "unknown" if error_ms is None else str(error_ms)
