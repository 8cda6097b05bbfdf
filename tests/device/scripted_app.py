"""The application with a scripted store and camera, for tests on a simulated board.

The test imports this module on the board. It prints each event as a line of "@" and JSON; see
tests/app_rig.py.
"""

import json
import os
import time
from binascii import hexlify
from hashlib import sha256

from s3 import S3Error, describe

from firmware import clock, credentials, wifi  # noqa: F401 the tests use them all
from firmware.app import App
from firmware.errors import NetworkError
from firmware.settings import config  # noqa: F401
from firmware.uploader import Uploader

NOON = 1795521600  # 2026-11-24 12:00:00 UTC
_STEP_US = 50
_HEAD = b"\xff\xd8\xff\xe0\x00\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xda"


class _Clock:
    """Takes the place of the host's clock, so that a busy host takes none of the board's time."""

    def __init__(self):
        self.us = time.ticks_us()

    def ticks_us(self):
        self.us += _STEP_US
        return self.us


if os.getenv("MEGACAM_FAST"):  # the stand-in of `time` adds its sleeps to what this returns
    time.ticks_us = _Clock().ticks_us


def call(module, function, *args):
    """Return firmware.`module`.`function`(*args)."""
    found = __import__("firmware." + module)
    for name in module.split("."):
        found = getattr(found, name)
    return getattr(found, function)(*args)


def set_time(seconds, microseconds):
    call("timing.rtc", "set_time", seconds, microseconds)


def tell(what, **values):
    print("@" + json.dumps(dict(values, what=what, ms=time.ticks_ms(), up_s=clock.uptime_s())))


def photo_bytes(number, size=3000):
    """Return bytes with the markers of a JPEG, different for each number."""
    part = sha256(str(number).encode()).digest().replace(b"\xff", b"\0")
    return _HEAD + (part * (size // 32 + 1))[: size - len(_HEAD) - 2] + b"\xff\xd9"


class Frame:
    def __init__(self, data):
        self._data = memoryview(data)
        self._at = 0
        self.size = len(data)

    def insert(self, buf):
        data = bytes(self._data)
        self.__init__(data[:2] + bytes(buf) + data[2:])

    def prepare(self, buf):
        pass

    def readinto(self, buf):
        n = min(len(buf), self.size - self._at)
        buf[:n] = self._data[self._at : self._at + n]
        self._at += n
        return n

    def close(self):
        pass


class Camera:
    """Takes photo_bytes(1), (2), ...; each shot or reset raises the next of `failures` first."""

    def __init__(self, failures=()):
        self.failures = list(failures)
        self.taken = 0

    id = 0x82

    def reset(self):
        tell("reset")
        if self.failures:
            raise self.failures.pop(0)

    def start(self):
        self._started_ms = time.ticks_ms()
        tell("shot")

    def finish(self):
        if self.failures:
            failure = self.failures.pop(0)
            if failure:
                raise failure
        self.taken += 1
        self.frame = Frame(photo_bytes(self.taken))
        self.frame.triggered_ms = self._started_ms
        return self.frame


class Store:
    """Answers each request with the next entry of `script`. For None, or without one, it stores.

    An entry is (code, status, action, {...}). Its options: "body" is how many bytes of the body
    are read before the answer, "keeps" stores the object in spite of the error, "takes_ms" is the
    duration, and "retry_after_ms" is that of the error. `connects` has the entries for connect(),
    `asks` those for the clock's request, which is otherwise answered with `headers`.
    """

    host = "store"
    limit_ms = 60000
    credentials = "a key"

    skew_s = 0
    body_started = False
    base, prefix = "https://store", "/"

    def __init__(self, script=(), connects=()):
        self.script = list(script)
        self.connects = list(connects)
        self.buf = self.body_buf = bytearray(1024)
        self.connection = self
        self.sock = None
        self.asks = []
        self.headers = {}
        self.status = 403
        self.objects = {}

    def connect(self):
        fault = self.connects.pop(0) if self.connects else None
        tell("connect", fault=fault and fault[0])
        self._fail(fault)
        self.sock = True

    def attempt(self, action, *args):
        return action(*args)

    def request(self, head, limit_ms, more):
        fault = self.asks.pop(0) if self.asks else None
        tell("ask", head=head.decode() + b"".join(more).decode(), fault=fault and fault[0])
        self._fail(fault)

    def reply(self):
        return self.status

    def read(self):
        return 0

    def put(self, key, body, content_type="image/jpeg", metadata=(), overwrite=False):
        fault = self.script.pop(0) if self.script else None
        if not fault and key in self.objects and not overwrite:
            fault = ("PreconditionFailed", 412, "stored", {})
        is_known = fault and fault[1] == 412 and overwrite is None
        digest = sha256()
        left = fault[3].get("body", 0) if fault else body.size
        self.body_started = left > 0
        sent = 0
        block = ""
        text = b""  # of a status report; photos are identified by their SHA-256
        while left > 0:
            n = body.readinto(self.buf)
            if not n:
                break
            digest.update(memoryview(self.buf)[:n])
            if not sent and self.buf[6:10] == b"Exif":
                end = 4 + (self.buf[4] << 8 | self.buf[5])
                block = hexlify(memoryview(self.buf)[2:end]).decode()
            if "json" in content_type:
                text += bytes(memoryview(self.buf)[:n])
            left -= n
            sent += n
        if fault and fault[3].get("keeps"):
            self.objects[key] = True
        pairs = describe.pairs(metadata)
        tell(
            "put",
            key=key,
            sent=sent,
            fault=fault and fault[0],
            metadata={n.decode(): v.decode() for n, v in pairs},
            is_in_order=pairs == sorted(pairs),
            kind=content_type,
            text=text.decode(),
            exif=block,
        )
        if is_known:
            return 412, "", 0
        self._fail(fault)
        self.objects[key] = True
        tell("stored", key=key, sha256=hexlify(digest.digest()).decode())
        return 200, "etag", sent

    def close(self):
        self.sock = None
        tell("close")

    def _fail(self, fault):
        self.body_started = False
        if fault:
            self.sock = None
            code, status, action, more = fault
            time.sleep_ms(more.get("takes_ms", 0))
            if code == "MemoryError":
                raise MemoryError("so much")
            error = S3Error(code, status, action, more.get("says", "as the script says"))
            error.body_started = self.body_started = more.get("body", 0) > 0
            error.retry_after_ms = more.get("retry_after_ms", 0)
            raise error


def join():
    credentials.save("wifi", [{"ssid": "Barn", "password": "hay hay hay"}])
    call("network.join", "connect", {"hostname": "porch", "power_save": "none"})


def app(
    script=(),
    connects=(),
    cap=(1 << 20, 1 << 20),
    limit_kb=1024,
    at=NOON,
    camera=None,
    is_started=False,
    feed=None,
):
    """Return an App with its Wi-Fi up and its clock set to `at`, unless that is 0.

    `is_started`: boot.py has already counted this start and started the watchdog.
    """
    if not feed:
        feed = call("start.watchdog", "feed") if is_started else lambda: None
    counters = call("health.counters", "read") if is_started else call("start.supervisor", "start")
    clock.cycle_s = counters["cycle_s"]
    try:
        join()
    except NetworkError as e:
        tell("no link", why=str(e))
    uploader = Uploader(
        "cam1", Store(script, connects), ("/spool", limit_kb << 10), cap, counters, feed
    )
    if at:
        set_time(at, 0)
        clock.set_error_ms, clock.set_at_s = 20, clock.uptime_s()
        counters["known_cycle"], counters["cycle_s"] = counters["cycle"], clock.cycle_s
    elif not clock.is_set():
        uploader.is_time_known = False
    call("spool.count", "count", uploader)
    made = App(30, camera or Camera(), uploader, {"counters": 1 << 28})
    made.uploader.try_for(60)
    made.is_camera_ready = True
    return made


def shoot(app, times=1, every_s=30):
    """Take a photo every `every_s` seconds, as the loop does."""
    for _ in range(times):
        app.take()
        time.sleep_ms(every_s * 1000)
        clock.uptime_s()


def drain(app):
    """Connect as for a shot, then send waiting photos for as long as that works."""
    app.uploader.try_for(60)
    app.uploader.connect()
    while app.work():
        app.uploader.try_for(60)


def catch(function, *args):
    """Call a function that resets the board; return the interpreter's exit code."""
    try:
        function(*args)
    except SystemExit as e:
        return e.value


def report(app):
    """Print the counters and the number of waiting photos as the event "end"."""
    uploader = app.uploader
    tell("end", counters=app.counters, waiting=uploader.waiting, failures=uploader.failures,
         pause_s=max(0, uploader.pause_until_s - clock.uptime_s()))  # fmt: skip
