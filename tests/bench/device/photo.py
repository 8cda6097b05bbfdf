"""A photo from its trigger to the stored object by part, and the tightest code for each part.

A part begins when one of its modules has been loaded; "stream" ends with the last byte of the
body, and "loads" has all loads of modules. The job: port, root, folder (with the board's
files), path and size of a photo, and parts as {offset in the archive: part}.
"""

import builtins
import gc
import json
import os
import socket
import struct
import sys
from binascii import crc32, hexlify
from hashlib import sha256

import vfs
from marks import begin, job, mark
from photo_record import Record
from stand_ins import replace, wait

_PAUSE_MS = 4000  # the connection stays open for 5 s
_DEVICE = "cam1"
_REGION = "us-east-1"
_SECRET = "secret"
_KEY = "{}/{:04}/{:02}/{:02}/{:02}{:02}{:02}-{:06}.jpg"
_METADATA = """device={}
version={}
origin=live
seq={}
camera=0x{:02x}
uptime-s={}
heap-free={}
rssi-dbm={}
taken-at={:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z
clock-error-ms={}"""


def make_root(folder):
    """Make `folder` the root of all files, as the flash is on a board, and open its archive."""
    own = vfs.VfsPosix(folder)
    vfs.umount("/")
    vfs.mount(own, "/")
    os.chdir("/")
    sys.path[:] = ["/lib", "/", ".frozen"]
    sys.modules.pop("overlay")
    __import__("overlay")


class Parts:
    """Marks each part of a photo while `is_on`."""

    is_on = False

    def __init__(self, parts, connection):
        self._parts = {int(offset): parts[offset] for offset in parts}
        self._now = ""
        self._load, builtins.overlay = sys.modules["overlay"].load, self._enter_and_load
        self._reply, connection.reply = connection.reply, self._end_body

    def _enter(self, part):
        if self.is_on and part != self._now:
            self._now = part
            mark(part)

    def _enter_and_load(self, offset):
        part = self._parts.get(offset, self._now)
        self._enter("loads")
        module = self._load(offset)
        self._enter(part)
        return module

    def _end_body(self):
        self._enter("reply")
        return self._reply()


def feed():
    """Feed no watchdog."""


def camera_on(bus):
    """Return the driver of the camera on `bus`, set up."""
    from arducam_mega import ArducamMega

    camera = ArducamMega(bus, bus.cs, None, 0, 0)
    camera.reset()
    return camera


def app_for(wanted, context):
    """Return the App as start/build.py makes it, without a camera."""
    from firmware.app import App
    from firmware.start import supervisor
    from firmware.uploader import Uploader
    from s3 import Credentials, S3Client

    from firmware import clock

    key = Credentials("AKIDEXAMPLE", _SECRET)
    endpoint = f"https://localhost:{wanted['port']}"
    buf = bytearray(4092)
    client = S3Client("bucket", _REGION, key, context, buf, clock.now, endpoint, True, "checksum")
    cap = (1 << 28, 1 << 28)
    place = ("/spool", 1 << 20)
    counters = supervisor.start()
    clock.set_error_ms = 20
    app = App(30, None, Uploader(_DEVICE, client, place, cap, counters, feed), {})
    app.is_camera_ready = True
    return app


def take(app, bus):
    """Take and store the next photo; raises if it was not stored."""
    time.sleep_ms(_PAUSE_MS)
    bus.file.seek(0)
    stored = app.counters["stored"]
    from firmware.shot import schedule

    schedule.advance(app)
    app.take()
    mark("")
    if app.counters["stored"] != stored + 1:
        raise ValueError("the photo was not stored")


# The tightest code for each part.


def names(counters, camera_id, now, interval_s):
    """Return the time of the next photo, this photo's key and its metadata."""
    due = now + interval_s
    due -= due % interval_s
    number = counters["seq"] + 1
    date = time.gmtime(now)[:6]
    key = _KEY.format(_DEVICE, *date, number)
    free = gc.mem_free()
    values = (_DEVICE, "0.1.0", number, camera_id, 8, free, -58)
    return due, key, _METADATA.format(*values, *date, 20)


def signature(canonical, begin, inner, outer):
    """Return the signature of a request, from the padded keys of its HMAC."""
    text = begin + hexlify(sha256(canonical).digest())
    inner = sha256(inner)
    inner.update(text)
    outer = sha256(outer)
    outer.update(inner.digest())
    return hexlify(outer.digest())


def stream(bus, sock, buf, last, count, framing):
    """Send a body of `count` whole buffers and the `last`, between the bytes that frame it."""
    readinto = bus.readinto
    write = sock.write
    write(framing[0])
    for _ in range(count):
        readinto(buf)
        write(buf)
    if last:
        readinto(last)
        write(last)
    write(framing[1])


def replay(calls):
    """Repeat what the camera part did on its bus."""
    for call, args in calls:
        call(*args)


def keep(counters):
    """Save the counters for the next reset."""
    text = json.dumps(counters).encode()
    machine.RTC().memory(struct.pack(">I", crc32(text)) + text)


def open_socket(wanted, context):
    """Return a TLS socket that has sent its first bytes."""
    raw = socket.socket()
    raw.connect(socket.getaddrinfo("127.0.0.1", wanted["port"])[0][-1])
    sock = context.wrap_socket(raw, server_hostname="localhost")
    sock.write(b"PUT /")
    raw.setblocking(False)
    return sock


def floor(part, action, *args):
    """Have the host count action(*args) as the floor of `part`; return its result."""
    gc.collect()  # or one may fall into the action
    mark(part + " floor")
    result = action(*args)
    mark("")
    return result


def measure_floors(wanted, app, context, record, bus):
    """Run the tightest code for each part of the recorded photo, and check what it made."""
    gc.collect()
    gc.threshold(-1)
    sock = floor("handshake", open_socket, wanted, context)
    bus.file.seek(0)
    floor("camera", replay, record.calls)
    now = time.time()
    _, key, text = floor("schedule and names", names, app.counters, app.camera.id, now, 30)
    record.check_names(key, text)
    canonical, begin, pads, said = record.signed(_REGION, _SECRET)
    if floor("signing", signature, canonical, begin, *pads) != said:
        raise ValueError("the floor signs something else")
    floor("request head", sock.write, record.head[5:])
    buf = app.uploader.store.body_buf
    wait()
    floor("reply", sock.readinto, buf)
    count, rest = divmod(wanted["size"], len(buf))
    last = memoryview(buf)[:rest]
    bus.file.seek(0)
    floor("stream", stream, bus, sock, buf, last, count, record.framing)
    wait()
    floor("reply", sock.readinto, buf)
    floor("counters", keep, app.counters)


def main(wanted):
    """Count one photo over an open connection, a handshake, and the floors."""
    with open(wanted["root"], "rb") as file:
        root = file.read()
    bus = Replay(wanted["path"], wanted["size"])
    make_root(wanted["folder"])
    gc.threshold(16384)  # as in start/boot.py
    from https import tls_context

    context = tls_context.client_context([root])
    begin()
    app = app_for(wanted, context)
    record = Record(bus)
    app.camera = camera_on(record)
    connection = app.uploader.store.connection
    record.start(connection)
    take(app, bus)
    record.stop(connection)
    app.camera = camera_on(bus)
    parts = Parts(wanted["parts"], connection)
    take(app, bus)
    parts.is_on = True
    take(app, bus)
    parts.is_on = False
    app.uploader.store.close()
    gc.collect()
    mark("handshake")
    app.uploader.store.connect()
    mark("")
    measure_floors(wanted, app, context, record, bus)
    mark("end")


if __name__ == "__main__":
    work = job()
    replace()
    import machine
    import time

    from buses import Replay

    main(work)
