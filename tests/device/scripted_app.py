"""The application with a store and a camera that play a script, for tests on a simulated board.

Imported on the board. What happens is printed as lines of "@" and JSON, see tests/app_rig.py.
"""

import json
import time
from binascii import hexlify
from hashlib import sha256

from s3 import S3Error, Stored

from firmware import clock, credentials, wifi  # noqa: F401 the tests use them all
from firmware.app import App
from firmware.errors import NetworkError
from firmware.settings import config  # noqa: F401
from firmware.uploader import Uploader

NOON = 1795521600  # 2026-11-24 12:00:00 UTC
_HEAD = b"\xff\xd8\xff\xe0\x00\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xda"


def call(module, function, *args):
    """Return firmware.`module`.`function`(*args)."""
    found = __import__("firmware." + module)
    for name in module.split("."):
        found = getattr(found, name)
    return getattr(found, function)(*args)


def tell(what, **values):
    print("@" + json.dumps(dict(values, what=what, ms=time.ticks_ms(), up_s=clock.uptime_s())))


def photo_bytes(number, size=3000):
    """Return a JPEG, for whoever looks at its markers; each number has another."""
    part = sha256(str(number).encode()).digest().replace(b"\xff", b"\0")
    return _HEAD + (part * (size // 32 + 1))[: size - len(_HEAD) - 2] + b"\xff\xd9"


class Frame:
    def __init__(self, data):
        self._data = memoryview(data)
        self._at = 0
        self.size = len(data)

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
    """Takes photo_bytes(1), (2), ...; `failures` are raised first, one a shot or a reset."""

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
    """Answers request after request as `script` says, and then, or for None, stores.

    An entry: (code, status, action, {...}) with "body": so many bytes of the body are read
    before, "keeps": and it is stored all the same, "retry_after_ms"; "takes_ms": and so long.
    Entries of connect() are in `connects`, and in `asks` those of the clock's question, which
    `headers` answers.
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
        text = b""  # of a report; photos are known by their sum
        while left > 0:
            n = body.readinto(self.buf)
            if not n:
                break
            digest.update(memoryview(self.buf)[:n])
            if "json" in content_type:
                text += bytes(memoryview(self.buf)[:n])
            left -= n
            sent += n
        if fault and fault[3].get("keeps"):
            self.objects[key] = True
        tell(
            "put",
            key=key,
            sent=sent,
            fault=fault and fault[0],
            metadata=dict(metadata),
            kind=content_type,
            text=text.decode(),
        )
        if is_known:
            return Stored(412, "", 0)
        self._fail(fault)
        self.objects[key] = True
        tell("stored", key=key, sha256=hexlify(digest.digest()).decode())
        return Stored(200, "etag", sent)

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
    """Return an App whose Wi-Fi is up and, if `at` is not 0, whose clock is set.

    `is_started`: boot.py has counted this start and started the watchdog.
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
        clock.set_time(at, 0)
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
    """Take a photo every so many seconds, as the loop does."""
    for _ in range(times):
        app.take()
        time.sleep_ms(every_s * 1000)
        clock.uptime_s()


def drain(app):
    """Send what waits for as long as it can be sent, once a connection was made as for a shot."""
    app.uploader.try_for(60)
    app.uploader.connect()
    while app.work():
        app.uploader.try_for(60)


def catch(function, *args):
    """Call what resets the board; return the code with which the interpreter would end."""
    try:
        function(*args)
    except SystemExit as e:
        return e.value


def report(app):
    """Tell what the counters say and what waits."""
    uploader = app.uploader
    tell("end", counters=app.counters, waiting=uploader.waiting, failures=uploader.failures,
         pause_s=max(0, uploader.pause_until_s - clock.uptime_s()))  # fmt: skip
